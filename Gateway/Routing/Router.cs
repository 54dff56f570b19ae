namespace Gateway.Routing;

/// <summary>Routing as a pure function: the same question, snapshots and draw give the same plan.</summary>
public static class Router
{
    /// <summary>
    /// Part of a route's traffic that its standby tiers carry while all is well (D25): a path that is never used is one
    /// that nobody knows to work.
    /// </summary>
    public const double StandingShare = 0.01;

    private const string TestRule = "test keys";
    private const string PinRule = "pinned";

    /// <param name="draw">A number in [0, 1) that decides between standby and first tier, weights and probation.</param>
    public static RoutePlan Plan(RoutingSnapshot routing, HealthSnapshot health, RouteQuery query, double draw)
    {
        // A test key's mail never leaves, whatever the rules say.
        var (rule, tiers) =
            query.Mode == "test" ? (TestRule, routing.TestRoute)
            : query.PinnedPath is { } pinned ? (PinRule, [new RouteTier([new WeightedPath(pinned, 1)])])
            : FirstMatch(routing.Rules, query);
        if (tiers.Count == 0)
        {
            return new RoutePlan(rule, [], []);
        }

        var sorted = new Sorting(routing, health, query);
        var (first, rest) = StandbyFirst(tiers, draw);
        if (first > 0)
        {
            sorted.Consider(tiers[first], first + 1, rest, RouteReason.StandingTraffic);
        }

        for (var tier = 0; tier < tiers.Count; tier++)
        {
            if (tier != first || first == 0)
            {
                sorted.Consider(tiers[tier], tier + 1, rest, RouteReason.ByWeight);
            }
        }

        return sorted.ToPlan(rule);
    }

    private static (string? Rule, IReadOnlyList<RouteTier> Tiers) FirstMatch(
        IReadOnlyList<RouteRule> rules,
        RouteQuery query
    )
    {
        foreach (var rule in rules)
        {
            if (rule.Matches(query))
            {
                return (rule.Id, rule.Tiers);
            }
        }

        return (null, []);
    }

    /// <summary>The tier to ask first, and what is left of the draw, again in [0, 1).</summary>
    private static (int Tier, double Draw) StandbyFirst(IReadOnlyList<RouteTier> tiers, double draw)
    {
        var standing = StandingShare * (tiers.Count - 1);
        if (draw >= standing)
        {
            return (0, (draw - standing) / (1 - standing));
        }

        var tier = Math.Min((int)(draw / StandingShare), tiers.Count - 2);
        return (tier + 1, (draw / StandingShare) - tier);
    }

    /// <summary>Sorts the paths of a route into candidates, last resorts and those that cannot.</summary>
    private struct Sorting(RoutingSnapshot routing, HealthSnapshot health, RouteQuery query)
    {
        private readonly List<RouteChoice> candidates = [];
        private List<RouteChoice>? probation;
        private List<RouteChoice>? rejected;
        private RouteChoice? failed;

        public void Consider(RouteTier tier, int number, double draw, RouteReason why)
        {
            var drawn = Drawn(tier.Paths, draw, out var chance);
            Consider(drawn, number, chance, why);
            if (tier.Paths.Count == 1)
            {
                return;
            }

            foreach (var other in tier.Paths.OrderByDescending(p => p.Weight))
            {
                if (other.Path != drawn.Path)
                {
                    Consider(other, number, chance, why);
                }
            }
        }

        private void Consider(WeightedPath weighted, int tier, double chance, RouteReason why)
        {
            var choice = new RouteChoice(weighted.Path, why, tier) { Detail = weighted.Weight };
            if (!routing.Paths.TryGetValue(weighted.Path, out var path))
            {
                Reject(choice with { Reason = RouteReason.Unknown });
                return;
            }

            // One step only: two paths that stand in for each other would else be asked for ever.
            if (
                path.Mode == PathMode.Off
                && path.Instead is { } instead
                && routing.Paths.TryGetValue(instead, out var other)
            )
            {
                Reject(choice with { Reason = RouteReason.SwitchedOff });
                choice = new RouteChoice(instead, RouteReason.InPlaceOfAnother, tier) { Detail = path.Path };
                path = other;
            }

            if (IsListed(path.Path))
            {
                return;
            }

            var (reason, detail) = WhyNot(path);
            if (reason is { } no)
            {
                Reject(choice with { Path = path.Path, Reason = no, Detail = detail });
            }
            else if (path.Path == query.FailedPath)
            {
                failed = choice with { Reason = RouteReason.FailedLast };
            }
            else if (path.ProbationShare is { } share && chance >= share)
            {
                (probation ??= []).Add(choice with { Reason = RouteReason.OnProbation, Detail = share });
            }
            else
            {
                candidates.Add(choice);
            }
        }

        public readonly RoutePlan ToPlan(string? rule)
        {
            var no = rejected ?? [];
            if (candidates.Count == 0 && failed is null && probation is not null)
            {
                // Better an unproven path than none: on probation no refusal becomes a bounce.
                candidates.AddRange(probation.Select(p => p with { Reason = RouteReason.OnlyOneLeft }));
            }
            else if (probation is not null)
            {
                no.AddRange(probation);
            }

            if (failed is { } last)
            {
                candidates.Add(last);
            }

            return new RoutePlan(rule, candidates, no);
        }

        private readonly bool IsListed(string path)
        {
            foreach (var candidate in candidates)
            {
                if (candidate.Path == path)
                {
                    return true;
                }
            }

            return failed?.Path == path || probation?.Exists(p => p.Path == path) == true;
        }

        private void Reject(RouteChoice choice) => (rejected ??= []).Add(choice);

        private readonly (RouteReason? Reason, object? Detail) WhyNot(PathState path)
        {
            if (path.Tenant is { } owner && owner != query.Tenant)
            {
                return (RouteReason.OfAnotherTenant, null);
            }

            if (path.NeverCarries is { } never)
            {
                return (RouteReason.NeverCarries, never);
            }

            if (path.IsAwaitingCanary)
            {
                return (RouteReason.AwaitingCanary, null);
            }

            if (path.Mode != PathMode.Active)
            {
                return (path.Mode == PathMode.Off ? RouteReason.SwitchedOff : RouteReason.Draining, null);
            }

            if (query.Avoid.Contains(path.Path))
            {
                return (RouteReason.Avoided, null);
            }

            if (health.WhyOpen(path.Path, query) is { } open)
            {
                return (RouteReason.CircuitOpen, open);
            }

            return path.Capabilities.WhyNot(query.Needs, query.Size) is { } need
                ? (RouteReason.CannotCarry, need)
                : (null, null);
        }

        /// <summary>The path that the draw falls on, and how far into its share it fell, again in [0, 1).</summary>
        private static WeightedPath Drawn(IReadOnlyList<WeightedPath> paths, double draw, out double chance)
        {
            var total = 0d;
            foreach (var path in paths)
            {
                total += path.Weight;
            }

            var point = draw * total;
            foreach (var path in paths)
            {
                if (point < path.Weight)
                {
                    chance = point / path.Weight;
                    return path;
                }

                point -= path.Weight;
            }

            chance = draw;
            return paths[^1];
        }
    }
}
