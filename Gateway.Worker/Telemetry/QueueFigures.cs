using System.Diagnostics.Metrics;

namespace Gateway.Worker.Telemetry;

/// <summary>The queue as it was counted last: small whatever the queue holds.</summary>
public sealed record QueueFigures
{
    public static readonly QueueFigures None = new();

    /// <summary>Deliveries by stream and what they wait for.</summary>
    public IReadOnlyList<(string Stream, string WaitingFor, long Depth)> Depths { get; init; } = [];

    /// <summary>Seconds since the oldest became due, by stream.</summary>
    public IReadOnlyList<(string Stream, double Age)> Oldest { get; init; } = [];

    /// <summary>The tenants with the longest queues: held deliveries, and seconds since the oldest became due.</summary>
    public IReadOnlyList<(Guid Tenant, long Held, double Age)> Tenants { get; init; } = [];

    /// <summary>Seconds since the oldest attempt without a conclusive answer, by path.</summary>
    public IReadOnlyList<(string Path, double Age)> Unresolved { get; init; } = [];

    public IEnumerable<Measurement<long>> ShowDepths() =>
        Depths.Select(d => new Measurement<long>(
            d.Depth,
            new("stream", d.Stream),
            new KeyValuePair<string, object?>("waiting_for", d.WaitingFor)
        ));

    public IEnumerable<Measurement<double>> ShowOldest() =>
        Oldest.Select(o => new Measurement<double>(o.Age, new KeyValuePair<string, object?>("stream", o.Stream)));

    public IEnumerable<Measurement<long>> ShowHeld() =>
        Tenants.Select(t => new Measurement<long>(t.Held, Tag(t.Tenant)));

    public IEnumerable<Measurement<double>> ShowTenantsOldest() =>
        Tenants.Select(t => new Measurement<double>(t.Age, Tag(t.Tenant)));

    public IEnumerable<Measurement<double>> ShowUnresolved() =>
        Unresolved.Select(u => new Measurement<double>(u.Age, new KeyValuePair<string, object?>("path", u.Path)));

    /// <summary>
    /// With a zero for each series that was shown before and is not any more: a collector that repeats the last value
    /// would else show a queue that is long empty.
    /// </summary>
    public QueueFigures After(QueueFigures before) =>
        this with
        {
            Depths =
            [
                .. Depths,
                .. before
                    .Depths.Where(b =>
                        b.Depth > 0 && !Depths.Any(d => d.Stream == b.Stream && d.WaitingFor == b.WaitingFor)
                    )
                    .Select(b => b with { Depth = 0 }),
            ],
            Oldest = [.. Oldest, .. Gone(before.Oldest, Oldest)],
            Unresolved = [.. Unresolved, .. Gone(before.Unresolved, Unresolved)],
            Tenants =
            [
                .. Tenants,
                .. before
                    .Tenants.Where(b => (b.Held > 0 || b.Age > 0) && !Tenants.Any(t => t.Tenant == b.Tenant))
                    .Select(b => b with { Held = 0, Age = 0 }),
            ],
        };

    private static IEnumerable<(string, double)> Gone(
        IReadOnlyList<(string Name, double Age)> before,
        IReadOnlyList<(string Name, double Age)> now
    ) => before.Where(b => b.Age > 0 && !now.Any(n => n.Name == b.Name)).Select(b => (b.Name, 0d));

    private static KeyValuePair<string, object?> Tag(Guid tenant) => new("tenant", tenant.ToString());
}
