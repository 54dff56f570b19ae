using System.Collections.Frozen;
using Gateway.Providers;
using Gateway.Routing;

namespace Gateway.Tests.Routing;

public sealed class RouterTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly Guid Tenant = Guid.NewGuid();
    private static readonly PathCapabilities Any = new() { Eai = true };

    private static readonly RoutingSnapshot Routing = Snapshot([
        new RouteRule(
            "default",
            [
                new RouteTier([new WeightedPath("big", 99), new WeightedPath("ours", 1)]),
                new RouteTier([new WeightedPath("reserve", 1)]),
            ]
        ),
    ]);

    private static readonly RouteQuery Query = new()
    {
        Tenant = Tenant,
        Mode = "live",
        Stream = "transactional",
        FromAddress = "news@shop.example",
        FromDomain = "shop.example",
        RecipientDomain = "mail.example",
        Size = 500,
        Now = Now,
    };

    [Fact]
    public void Weights_decide_within_a_tier_and_tiers_stand_in_order()
    {
        Assert.Equal(["big", "ours", "reserve"], Names(Plan(Query, 0.02)));
        Assert.Equal(["big", "ours", "reserve"], Names(Plan(Query, 0.98)));
        Assert.Equal(["ours", "big", "reserve"], Names(Plan(Query, 0.9999)));
    }

    [Fact]
    public void A_standby_tier_carries_one_percent_and_the_rest_is_shared_by_weight()
    {
        var first = Enumerable.Range(0, 10_000).Select(i => Names(Plan(Query, i / 10_000d)).First()).ToArray();
        Assert.Equal(100, first.Count(p => p == "reserve"));
        Assert.Equal(99, first.Count(p => p == "ours"));
        Assert.Equal(9_801, first.Count(p => p == "big"));
    }

    [Fact]
    public void A_test_key_never_leaves_the_sandbox() =>
        Assert.Equal(["sandbox"], Names(Plan(Query with { Mode = "test" }, 0)));

    [Fact]
    public void Each_path_that_cannot_carry_says_why()
    {
        var routing = With(
            new PathState("reserve", new PathCapabilities { MaxSize = 1_000 }),
            new PathState("ours", Any) { Mode = PathMode.Draining }
        );
        var plan = Router.Plan(routing, Open("big", CircuitScope.Path, ""), Query with { Size = 2_000 }, 0.5);
        Assert.Empty(plan.Candidates);
        Assert.Equal(
            [
                ("big", "its circuit is open: 550 blocked"),
                ("ours", "an operator drains it"),
                ("reserve", "the path takes 1000 bytes"),
            ],
            plan.Rejected.Select(r => (r.Path, r.Describe()))
        );
        var eai = Router.Plan(routing, HealthSnapshot.AllWell, Query with { NeedsEai = true }, 0.5);
        Assert.Equal(["big"], Names(eai));
        Assert.Contains(eai.Rejected, r => r is { Path: "reserve", Reason: RouteReason.NeedsEai });
    }

    [Theory]
    [InlineData(CircuitScope.Identity, "shop.example", false)]
    [InlineData(CircuitScope.Identity, "other.example", true)]
    [InlineData(CircuitScope.Stream, "transactional", false)]
    [InlineData(CircuitScope.Stream, "broadcast", true)]
    [InlineData(CircuitScope.RemoteDomain, "mail.example", false)]
    [InlineData(CircuitScope.RemoteDomain, "else.example", true)]
    public void An_open_circuit_stops_only_what_it_concerns(CircuitScope scope, string subject, bool isCarried) =>
        Assert.Equal(isCarried, Names(Router.Plan(Routing, Open("big", scope, subject), Query, 0.5)).Contains("big"));

    [Fact]
    public void The_path_that_failed_this_delivery_is_tried_last_and_an_avoided_one_never()
    {
        Assert.Equal(["ours", "reserve", "big"], Names(Plan(Query with { FailedPath = "big" }, 0.5)));
        Assert.Equal(["ours", "reserve"], Names(Plan(Query with { Avoid = ["big"] }, 0.5)));
    }

    [Fact]
    public void A_path_that_is_switched_off_is_replaced_by_the_one_named()
    {
        var routing = With(new PathState("big", Any) { Mode = PathMode.Off, Instead = "reserve" });
        var plan = Router.Plan(routing, HealthSnapshot.AllWell, Query, 0.5);
        Assert.Equal(["reserve", "ours"], Names(plan));
        Assert.Equal("tier 1, in place of 'big', which is switched off", plan.Candidates[0].Describe());

        var both = With(
            new PathState("big", Any) { Mode = PathMode.Off, Instead = "reserve" },
            new PathState("reserve", Any) { Mode = PathMode.Off, Instead = "big" }
        );
        Assert.Equal(["ours"], Names(Router.Plan(both, HealthSnapshot.AllWell, Query, 0.5)));
    }

    [Fact]
    public void A_path_on_probation_gets_its_share_and_all_where_nothing_else_is_left()
    {
        var routing = With(new PathState("big", Any) { ProbationShare = 0.05 });
        var first = Enumerable
            .Range(0, 10_000)
            .Count(i => Names(Router.Plan(routing, HealthSnapshot.AllWell, Query, i / 10_000d)).First() == "big");
        Assert.InRange(first, 480, 500);

        var health = new HealthSnapshot(
            new Dictionary<CircuitKey, OpenCircuit>
            {
                [new("ours", CircuitScope.Path, "")] = new("down", null),
                [new("reserve", CircuitScope.Path, "")] = new("down", null),
            }.ToFrozenDictionary()
        );
        var plan = Router.Plan(routing, health, Query, 0.9);
        Assert.Equal(["big"], Names(plan));
        Assert.Equal(RouteReason.OnlyOneLeft, plan.Candidates[0].Reason);
    }

    [Fact]
    public void The_first_rule_that_matches_decides()
    {
        var mine = new RouteRule("mine", [new RouteTier([new WeightedPath("ours", 1)])])
        {
            Tenant = Tenant,
            Stream = "transactional",
            FromDomain = "*.shop.example",
            RecipientDomain = "mail.example",
            Tag = "receipt",
        };
        var routing = Routing with { Rules = [mine, .. Routing.Rules] };
        var match = Query with { FromDomain = "eu.shop.example", Tags = ["receipt", "vip"] };
        Assert.Equal("mine", Rule(match));
        Assert.Equal("default", Rule(match with { FromDomain = "shop.example" }));
        Assert.Equal("default", Rule(match with { FromDomain = "evilshop.example" }));
        Assert.Equal("default", Rule(match with { Tenant = Guid.NewGuid() }));
        Assert.Equal("default", Rule(match with { Stream = "broadcast" }));
        Assert.Equal("default", Rule(match with { RecipientDomain = "sub.mail.example" }));
        Assert.Equal("default", Rule(match with { Tags = [] }));

        string? Rule(RouteQuery query) => Router.Plan(routing, HealthSnapshot.AllWell, query, 0.5).Rule;
    }

    [Fact]
    public void Nobody_sends_over_the_account_of_another_tenant()
    {
        var routing = With(new PathState("big", Any) { Tenant = Guid.NewGuid() });
        Assert.DoesNotContain("big", Names(Router.Plan(routing, HealthSnapshot.AllWell, Query, 0.5)));
        Assert.Contains(
            "big",
            Names(Router.Plan(With(new PathState("big", Any) { Tenant = Tenant }), HealthSnapshot.AllWell, Query, 0.5))
        );
    }

    [Fact]
    public void The_same_question_has_the_same_answer()
    {
        var once = Plan(Query, 0.3);
        Assert.Equal(once.Candidates, Plan(Query, 0.3).Candidates);
        Assert.Equal(once.Rejected, Plan(Query, 0.3).Rejected);
    }

    private static RoutePlan Plan(RouteQuery query, double draw) =>
        Router.Plan(Routing, HealthSnapshot.AllWell, query, draw);

    private static RoutingSnapshot With(params PathState[] changed) => Snapshot(Routing.Rules, changed);

    private static RoutingSnapshot Snapshot(IReadOnlyList<RouteRule> rules, params PathState[] changed) =>
        new(
            rules,
            new[] { "big", "ours", "reserve", "sandbox" }
                .Select(name => changed.FirstOrDefault(c => c.Path == name) ?? new PathState(name, Any))
                .ToFrozenDictionary(p => p.Path),
            [new RouteTier([new WeightedPath("sandbox", 1)])]
        );

    private static HealthSnapshot Open(string path, CircuitScope scope, string subject) =>
        new(
            new Dictionary<CircuitKey, OpenCircuit>
            {
                [new(path, scope, subject)] = new("550 blocked", null),
            }.ToFrozenDictionary()
        );

    private static IEnumerable<string> Names(RoutePlan plan) => plan.Candidates.Select(c => c.Path);
}
