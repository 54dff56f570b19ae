using System.Collections.Concurrent;
using Gateway.Cohorts;

namespace Gateway.Api.Acceptance.Volume;

/// <summary>
/// A new key, a new network and ten times the usual volume together are held (D24): the mail of a leaked key or of an
/// account made for it must not harm what all tenants share. Decided from memory; the ledger hears of it behind.
/// </summary>
public sealed class VolumeWatch(VolumeOptions options)
{
    /// <summary>The cause of the hold, and the word for it everywhere.</summary>
    public const string Cause = HoldCause.UnusualVolume;

    /// <summary>About 30 MB; a tenant beyond it is not watched until others have gone quiet.</summary>
    private const int MostTenants = 100_000;

    private readonly ConcurrentDictionary<Guid, TenantVolume> tenants = new();

    /// <summary>Counts the message, and marks it as held where it is over what is usual.</summary>
    internal VolumeTicket? Take(Submission message)
    {
        if (!options.IsOn || message.Tenant is not { } tenant || message.Mode != "live")
        {
            return null;
        }

        if (!tenants.TryGetValue(tenant.Id, out var volume))
        {
            if (tenants.Count >= MostTenants)
            {
                return null;
            }

            volume = tenants.GetOrAdd(tenant.Id, _ => new TenantVolume(tenant.History));
        }

        var ticket = volume.Take(
            message.AcceptedAt,
            message.Recipients.Count,
            message.Newcomer,
            message.KeyId,
            options.MostOf(tenant.History?.BusiestHour ?? 0)
        );
        message.HeldFor = ticket.IsHeld ? Cause : null;
        return ticket;
    }

    /// <summary>What came of the message: only what was stored now counts.</summary>
    internal void Settle(Submission message, VolumeTicket ticket, AcceptanceResult result)
    {
        if (result is not AcceptanceResult.Accepted { Replayed: false })
        {
            tenants.GetValueOrDefault(message.TenantId)?.GiveBack(ticket);
        }
        else if (ticket.IsHeld)
        {
            GatewayTelemetry.VolumeHeld.Add(ticket.Recipients);
        }
    }

    /// <summary>What the ledger has not got, by tenant; whoever was quiet for long is forgotten.</summary>
    internal IReadOnlyList<UnwrittenVolume> TakeUnwritten(DateTimeOffset now)
    {
        var taken = new List<UnwrittenVolume>();
        foreach (var (tenant, volume) in tenants)
        {
            foreach (var (hour, count) in volume.TakeUnwritten())
            {
                taken.Add(new UnwrittenVolume(tenant, volume, hour, count));
            }

            if (volume.IsIdle(now))
            {
                tenants.TryRemove(new(tenant, volume));
            }
        }

        return taken;
    }
}

internal sealed record UnwrittenVolume(Guid Tenant, TenantVolume Volume, DateTimeOffset Hour, HourCount Count);
