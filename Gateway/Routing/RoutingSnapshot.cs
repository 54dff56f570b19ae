using Gateway.Providers;

namespace Gateway.Routing;

/// <summary>All that routing looks at, as it was at one instant; swapped whole, never changed.</summary>
public sealed record RoutingSnapshot(IReadOnlyList<RouteTier> DefaultRoute, IReadOnlyList<RouteTier> TestRoute);

/// <summary>Paths that share traffic by weight; the next tier is asked when none of these can carry.</summary>
public sealed record RouteTier(IReadOnlyList<WeightedPath> Paths);

public sealed record WeightedPath(string Path, double Weight, PathCapabilities Capabilities);

/// <summary>What the Worker has seen of its paths: those in it rest until the time given.</summary>
public sealed record HealthSnapshot(IReadOnlyDictionary<string, DateTimeOffset> RestingUntil)
{
    public static readonly HealthSnapshot AllWell = new(new Dictionary<string, DateTimeOffset>());
}

/// <summary>One delivery's question: what it needs, and where it must not go again at once.</summary>
public sealed record RouteQuery(string Mode, long Size, bool NeedsEai, string? FailedPath, DateTimeOffset Now);

/// <summary>A path and why it stands where it does.</summary>
public sealed record RouteChoice(string Path, string Reason);

/// <summary>Where a delivery may go, best first, and why each other path is not among them.</summary>
public sealed record RoutePlan(IReadOnlyList<RouteChoice> Candidates, IReadOnlyList<RouteChoice> Rejected);
