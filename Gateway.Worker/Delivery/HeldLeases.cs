using System.Collections.Concurrent;

namespace Gateway.Worker.Delivery;

/// <summary>The leases that this worker holds now, to be renewed and at the end given back.</summary>
public sealed class HeldLeases
{
    private readonly ConcurrentDictionary<Guid, Claim> held = new();

    public IReadOnlyCollection<Claim> All => [.. held.Values];

    public void Add(IEnumerable<Claim> claims)
    {
        foreach (var claim in claims)
        {
            held[claim.DeliveryId] = claim;
        }
    }

    public void Remove(IEnumerable<Claim> claims)
    {
        foreach (var claim in claims)
        {
            Remove(claim);
        }
    }

    /// <summary>Only this very lease: the same delivery may have been claimed anew meanwhile.</summary>
    public void Remove(Claim claim) => held.TryRemove(new(claim.DeliveryId, claim));
}
