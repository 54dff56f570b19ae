using Gateway.Providers;
using Gateway.Routing;

namespace Gateway.Tests.Routing;

public sealed class RouterTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly PathCapabilities Any = new() { Eai = true };

    private static readonly RoutingSnapshot Routing = new(
        [
            new RouteTier([new WeightedPath("big", 99, Any), new WeightedPath("ours", 1, Any)]),
            new RouteTier([new WeightedPath("reserve", 1, new PathCapabilities { MaxSize = 1_000 })]),
        ],
        [new RouteTier([new WeightedPath("sandbox", 1, Any)])]
    );

    private static readonly RouteQuery Query = new("live", 500, NeedsEai: false, FailedPath: null, Now);

    [Fact]
    public void Weights_decide_within_a_tier_and_tiers_stand_in_order()
    {
        Assert.Equal(["big", "ours", "reserve"], Names(Plan(Query, 0)));
        Assert.Equal(["big", "ours", "reserve"], Names(Plan(Query, 0.989)));
        Assert.Equal(["ours", "big", "reserve"], Names(Plan(Query, 0.991)));
    }

    [Fact]
    public void One_percent_is_one_percent()
    {
        var drawn = Enumerable.Range(0, 10_000).Count(i => Plan(Query, i / 10_000d).Candidates[0].Path == "ours");
        Assert.Equal(100, drawn);
    }

    [Fact]
    public void A_test_key_never_leaves_the_sandbox() =>
        Assert.Equal(["sandbox"], Names(Plan(Query with { Mode = "test" }, 0)));

    [Fact]
    public void Each_path_that_cannot_carry_says_why()
    {
        var health = new HealthSnapshot(new Dictionary<string, DateTimeOffset> { ["big"] = Now.AddSeconds(5) });
        var plan = Router.Plan(Routing, health, Query with { Size = 2_000, NeedsEai = true }, 0);
        Assert.Equal(["ours"], Names(plan));
        Assert.Contains(
            plan.Rejected,
            r => r.Path == "big" && r.Reason.StartsWith("resting until", StringComparison.Ordinal)
        );
        Assert.Contains(
            plan.Rejected,
            r => r.Path == "reserve" && r.Reason.Contains("SMTPUTF8", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void The_path_that_failed_this_delivery_is_tried_last() =>
        Assert.Equal(["ours", "reserve", "big"], Names(Plan(Query with { FailedPath = "big" }, 0)));

    private static RoutePlan Plan(RouteQuery query, double draw) =>
        Router.Plan(Routing, HealthSnapshot.AllWell, query, draw);

    private static IEnumerable<string> Names(RoutePlan plan) => plan.Candidates.Select(c => c.Path);
}
