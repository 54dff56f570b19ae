using System.Globalization;

namespace SystemTests.History;

/// <summary>How long, how fast, and with what patience.</summary>
internal sealed record HistoryPlan
{
    public required TimeSpan Load { get; init; }

    public required double PerSecond { get; init; }

    /// <summary>Of the workers; short in the short form, so that it can run out there.</summary>
    public required TimeSpan Lease { get; init; }

    public required (TimeSpan Least, TimeSpan Most) BetweenBlows { get; init; }

    /// <summary>For what was on its way when the load ended.</summary>
    public required TimeSpan Quiet { get; init; }

    /// <summary>Whether the quiet time waits for an empty queue, or only until nothing is unclaimed or on the network.</summary>
    public required bool UntilEmpty { get; init; }

    /// <summary>Only kill -9, of all kinds of processes at once, with sinks that work.</summary>
    public bool KillsOnly { get; init; }

    /// <summary>By so much the clock of one Worker is ahead, and that of one Api behind (or the other way round, by the seed).</summary>
    public TimeSpan WrongClocks { get; init; }

    public int Apis { get; init; } = 2;

    public int Workers { get; init; } = 3;

    /// <summary>With one, each tenant has a subscription to everything, and what it hears is judged too.</summary>
    public int Webhooks { get; init; } = 1;

    /// <summary>After how much silence of a sender another takes over; as short as the lease, but never longer than the product's own.</summary>
    public TimeSpan SenderAliveFor => Lease < ProductsAliveFor ? Lease : ProductsAliveFor;

    private static readonly TimeSpan ProductsAliveFor = TimeSpan.FromSeconds(15);

    public int Seed { get; init; } = Random.Shared.Next();

    /// <summary>A minute of load, for every build.</summary>
    public static HistoryPlan Short =>
        new()
        {
            Load = TimeSpan.FromSeconds(55),
            PerSecond = 120,
            Lease = TimeSpan.FromSeconds(5),
            BetweenBlows = (TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4)),
            Quiet = TimeSpan.FromSeconds(35),
            UntilEmpty = false,
        };

    /// <summary>With the product's own lease, and so much quiet that what was unknown is tried again.</summary>
    public static HistoryPlan Long(TimeSpan load) =>
        new()
        {
            Load = load,
            PerSecond = 150,
            Lease = TimeSpan.FromSeconds(60),
            BetweenBlows = (TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(10)),
            Quiet = TimeSpan.FromMinutes(8),
            UntilEmpty = true,
            WrongClocks = TimeSpan.FromSeconds(90),
        };

    /// <summary>As many kills as there is time for, at full load.</summary>
    public static HistoryPlan Kills(TimeSpan load) =>
        Long(load) with
        {
            PerSecond = 500,
            Lease = TimeSpan.FromSeconds(20),
            BetweenBlows = (TimeSpan.Zero, TimeSpan.FromSeconds(4)),
            Quiet = TimeSpan.FromSeconds(90),
            UntilEmpty = false,
            KillsOnly = true,
            WrongClocks = TimeSpan.Zero,
            Webhooks = 0,
        };

    /// <summary>The short form, unless <c>GATEWAY_HISTORY_MINUTES</c> asks for so many minutes of load.</summary>
    public static HistoryPlan FromEnvironment() =>
        double.TryParse(
            Environment.GetEnvironmentVariable("GATEWAY_HISTORY_MINUTES"),
            CultureInfo.InvariantCulture,
            out var minutes
        )
            ? Long(TimeSpan.FromMinutes(minutes))
            : Short;
}
