using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Gateway.Api.Telemetry;

/// <summary>Messages by tenant since the start of this replica: all are counted, the busiest are shown.</summary>
internal sealed class TenantCounts
{
    /// <summary>About 10 MB; tenants beyond it are in the sums only.</summary>
    private const int MostTenants = 100_000;

    private readonly ConcurrentDictionary<Guid, Counter> counts = new();
    private int tenants;

    public void Add(Guid tenant)
    {
        if (!counts.TryGetValue(tenant, out var counter))
        {
            if (Volatile.Read(ref tenants) >= MostTenants)
            {
                return;
            }

            var added = new Counter();
            counter = counts.GetOrAdd(tenant, added);
            if (counter == added)
            {
                Interlocked.Increment(ref tenants);
            }
        }

        Interlocked.Increment(ref counter.Value);
    }

    public IEnumerable<Measurement<long>> Top() =>
        counts
            .Select(c => (c.Key, Value: Interlocked.Read(ref c.Value.Value)))
            .OrderByDescending(c => c.Value)
            .Take(GatewayTelemetry.TenantsShown)
            .Select(c => new Measurement<long>(c.Value, new KeyValuePair<string, object?>("tenant", c.Key.ToString())));

    private sealed class Counter
    {
        public long Value;
    }
}
