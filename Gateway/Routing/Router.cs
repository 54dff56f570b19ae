namespace Gateway.Routing;

/// <summary>Routing as a pure function: the same question, snapshots and draw give the same plan.</summary>
public static class Router
{
    /// <param name="draw">A number in [0, 1) that decides between the weights of a tier.</param>
    public static RoutePlan Plan(RoutingSnapshot routing, HealthSnapshot health, RouteQuery query, double draw)
    {
        var candidates = new List<RouteChoice>();
        var rejected = new List<RouteChoice>();
        RouteChoice? lastResort = null;
        // A test key's mail never leaves, whatever the route says.
        var tiers = query.Mode == "test" ? routing.TestRoute : routing.DefaultRoute;
        for (var tier = 0; tier < tiers.Count; tier++)
        {
            foreach (var path in ByWeight(tiers[tier].Paths, draw))
            {
                if (WhyNot(path, health, query) is { } reason)
                {
                    rejected.Add(new RouteChoice(path.Path, reason));
                }
                else if (path.Path == query.FailedPath)
                {
                    // It failed this very delivery a moment ago: only if nothing else is left.
                    lastResort = new RouteChoice(path.Path, $"tier {tier + 1}, failed last");
                }
                else
                {
                    candidates.Add(new RouteChoice(path.Path, $"tier {tier + 1}, weight {path.Weight}"));
                }
            }
        }

        if (lastResort is not null)
        {
            candidates.Add(lastResort);
        }

        return new RoutePlan(candidates, rejected);
    }

    private static string? WhyNot(WeightedPath path, HealthSnapshot health, RouteQuery query)
    {
        if (health.RestingUntil.TryGetValue(path.Path, out var until) && until > query.Now)
        {
            return $"resting until {until:O}";
        }

        if (query.NeedsEai && !path.Capabilities.Eai)
        {
            return "an address needs SMTPUTF8, which the path does not offer";
        }

        return path.Capabilities.MaxSize is { } max && query.Size > max
            ? $"the message has {query.Size} bytes, the path takes {max}"
            : null;
    }

    /// <summary>The drawn path first, the others behind it by weight.</summary>
    private static IEnumerable<WeightedPath> ByWeight(IReadOnlyList<WeightedPath> paths, double draw)
    {
        var point = draw * paths.Sum(p => p.Weight);
        var drawn = paths[^1];
        foreach (var path in paths)
        {
            point -= path.Weight;
            if (point < 0)
            {
                drawn = path;
                break;
            }
        }

        return paths.Where(p => p != drawn).OrderByDescending(p => p.Weight).Prepend(drawn);
    }
}
