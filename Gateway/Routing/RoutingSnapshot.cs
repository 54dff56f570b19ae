using System.Collections.Frozen;

namespace Gateway.Routing;

/// <summary>
/// All that routing looks at, as it was at one instant; swapped whole, never changed. Rules are asked in order and the
/// first that matches decides; tenants' own stand before the platform's.
/// </summary>
public sealed record RoutingSnapshot(
    IReadOnlyList<RouteRule> Rules,
    FrozenDictionary<string, PathState> Paths,
    IReadOnlyList<RouteTier> TestRoute
);

/// <summary>Paths that share traffic by weight; the next tier is asked when none of these can carry.</summary>
public sealed record RouteTier(IReadOnlyList<WeightedPath> Paths);

public readonly record struct WeightedPath(string Path, double Weight);
