using Gateway.Worker.Telemetry;

namespace Gateway.Worker.Delivery;

/// <summary>
/// The worker's heart: claims what it has free slots for, and carries each delivery through its steps on its own. It
/// never holds a claim that it cannot begin at once.
/// </summary>
public sealed class DeliveryLoop(
    DeliveryQueue queue,
    DeliveryLoader loader,
    DeliveryRunner runner,
    HeldLeases leases,
    WorkerSignals signals,
    TimeProvider clock,
    ILogger<DeliveryLoop> log
) : BackgroundService
{
    /// <summary>Deliveries on their way at once. Mostly they wait for the network.</summary>
    public const int Slots = 256;

    /// <summary>Claims of one round trip: small enough that one slow load does not hold many leases.</summary>
    private const int MostAtOnce = 128;

    /// <summary>While others are on their way, fewer free places than this wait for company: a claim costs a round trip.</summary>
    private const int FewestAtOnce = 32;

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim free = new(Slots);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var claimed = await ClaimAsync(stoppingToken);
                if (claimed == 0)
                {
                    await signals.WaitForWorkAsync(Poll, stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception problem)
            {
                // The one catch of this loop: whatever failed, the leases expire and the mail is claimed again.
                WorkerLog.ClaimFailed(log, problem);
                await Task.Delay(AfterFailure, clock, stoppingToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        // SIGTERM: nothing new is claimed; what runs may end, and the leases of the rest are given back.
        await runner.DrainAsync();
    }

    private async Task<int> ClaimAsync(CancellationToken cancel)
    {
        var places = Math.Min(Math.Min(free.CurrentCount, MostAtOnce), runner.Room);
        if (!runner.MayClaim || places == 0 || (places < FewestAtOnce && runner.IsBusy))
        {
            return 0;
        }

        if (signals.TakeForget())
        {
            queue.Forget();
        }

        // Not cancelled: a claim that was committed unseen would be nobody's for a whole lease.
        var claims = await queue.ClaimAsync(places, CancellationToken.None);
        if (claims.Count == 0)
        {
            return 0;
        }

        leases.Add(claims);
        IReadOnlyList<DeliveryWork> works;
        try
        {
            works = await loader.LoadAsync(claims, cancel);
        }
        catch when (!cancel.IsCancellationRequested)
        {
            // Nobody renews them: they run out. (At the end of the host they are given back.)
            leases.Remove(claims);
            throw;
        }

        foreach (var work in works)
        {
            // Never waits: only as many were claimed as were free.
            await free.WaitAsync(CancellationToken.None);
            runner.Start(work, Ended);
        }

        return claims.Count;
    }

    private void Ended()
    {
        free.Release();
        if (runner.Room >= FewestAtOnce)
        {
            signals.MailIsDue();
        }
    }
}
