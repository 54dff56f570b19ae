using Gateway.Worker.Telemetry;

namespace Gateway.Worker.Delivery;

/// <summary>Claims due deliveries and loads them; what cannot be carried now is given back at once.</summary>
public sealed class Intake(
    DeliveryQueue queue,
    DeliveryLoader loader,
    HeldLeases leases,
    LeaseKeeper keeper,
    ILogger<Intake> log
)
{
    /// <summary>Forgets what is remembered of the lanes: mail came back that is older than the last claim.</summary>
    public void Forget() => queue.Forget();

    /// <param name="forBroadcast">Of the places at most so many for broadcast mail.</param>
    public async Task<IReadOnlyList<DeliveryWork>> TakeAsync(int places, int forBroadcast, CancellationToken cancel)
    {
        // Not cancelled: a claim that was committed unseen would be nobody's for a whole lease.
        var claims = await queue.ClaimAsync(places, forBroadcast, CancellationToken.None);
        if (claims.Count == 0)
        {
            return [];
        }

        GatewayTelemetry.Claimed.Add(claims.Count);
        leases.Add(claims);
        try
        {
            var (works, leftOut) = await loader.LoadAsync(claims, cancel);
            await GiveBackAsync(leftOut, cancel);
            if (works.Count + leftOut.Count < claims.Count)
            {
                // Their day is gone or their rows are: the lease runs out and shows them again.
                WorkerLog.ClaimsWithoutDelivery(log, claims.Count - works.Count - leftOut.Count);
                leases.Remove(claims.ExceptBy(works.Select(w => w.Claim.DeliveryId), c => c.DeliveryId));
            }

            return works;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The host ends: another worker finds them at once.
            await GiveBackAsync(claims, CancellationToken.None);
            throw;
        }
        catch
        {
            leases.Remove(claims);
            throw;
        }
    }

    /// <summary>As if they had never been claimed.</summary>
    public async Task GiveBackAsync(IReadOnlyCollection<Claim> claims, CancellationToken cancel)
    {
        leases.Remove(claims);
        await keeper.ReleaseAsync(claims, cancel);
    }
}
