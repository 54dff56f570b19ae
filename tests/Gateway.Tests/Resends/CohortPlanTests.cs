using System.Collections.Frozen;
using Gateway.Cohorts;
using Gateway.Ledger;
using Gateway.Providers;
using Gateway.Routing;
using Gateway.Worker.Cohorts;

namespace Gateway.Tests.Resends;

public sealed class CohortPlanTests
{
    private static readonly Guid Message = LedgerId.NewMessage(DateTimeOffset.UtcNow);

    public static TheoryData<string> Actions =>
        [CohortAction.Resend, CohortAction.Release, CohortAction.Cancel, CohortAction.Hold];

    [Theory]
    [MemberData(nameof(Actions))]
    public void Whatever_is_decided_is_a_lawful_step_or_has_a_reason(string action)
    {
        foreach (var state in DeliveryState.All)
        {
            foreach (var begun in (bool[])[true, false])
            {
                var plan = Plan(action, new ChangeFacts(state, null, begun)).Single();
                if (plan.State is not null)
                {
                    Assert.True(DeliveryState.MayFollow(state, plan.State), $"{state} → {plan.State}");
                    Assert.False(begun, $"{state} may be leaving at this moment");
                }

                Assert.False(plan.State is not null && plan.ResentAs is not null);
                string[] done = ["resent", "released", "cancelled", "held"];
                Assert.Equal(plan.State is not null || plan.ResentAs is not null, done.Contains(plan.Outcome));
            }
        }
    }

    [Fact]
    public void Each_resend_has_a_place_of_its_own_and_without_one_there_is_none()
    {
        var bounced = new ChangeFacts(DeliveryState.Bounced, "recipient", IsBegun: false);
        var plans = Plan(CohortAction.Resend, bounced, bounced, bounced, last: LedgerId.MaxPlace - 2);
        Assert.Equal(
            [LedgerId.Delivery(Message, LedgerId.MaxPlace - 1), LedgerId.Delivery(Message, LedgerId.MaxPlace), null],
            plans.Select(p => p.ResentAs)
        );
        Assert.Equal("too_many_deliveries", plans[^1].Outcome);
    }

    [Theory]
    [InlineData("mass_bounce", Asker.Tenant, "held_by_operator")]
    [InlineData("operator", Asker.Tenant, "held_by_operator")]
    [InlineData("ttl_reached", Asker.Tenant, null)]
    [InlineData("mass_bounce", Asker.Operator, null)]
    public void What_the_platform_holds_only_the_operator_lets_go(string cause, Asker asker, string? reason)
    {
        var held = new ChangeFacts(DeliveryState.Held, cause, IsBegun: false);
        Assert.Equal(reason, CohortAction.WhyNot(CohortAction.Resend, held, asker));
        Assert.Equal(reason, CohortAction.WhyNot(CohortAction.Release, held, asker));
        Assert.Equal(reason, CohortAction.WhyNot(CohortAction.Cancel, held, asker));
    }

    [Fact]
    public void Pinned_mail_goes_over_its_path_and_no_other_but_a_test_keys_never_leaves()
    {
        var paths = new[] { "first", "second", "sandbox" }.ToFrozenDictionary(
            p => p,
            p => new PathState(p, new PathCapabilities()) { Mode = PathMode.Active }
        );
        var routing = new RoutingSnapshot(
            [new RouteRule("default", [new RouteTier([new WeightedPath("first", 1)])])],
            paths,
            [new RouteTier([new WeightedPath("sandbox", 1)])]
        );
        Assert.Equal(["second"], Candidates("live"));
        Assert.Equal(["sandbox"], Candidates("test"));
        routing = routing with
        {
            Paths = paths.ToFrozenDictionary(
                p => p.Key,
                p => p.Key == "second" ? p.Value with { Mode = PathMode.Off } : p.Value
            ),
        };
        Assert.Empty(Candidates("live"));

        IEnumerable<string> Candidates(string mode) =>
            Router
                .Plan(
                    routing,
                    HealthSnapshot.AllWell,
                    new RouteQuery
                    {
                        Tenant = Guid.Empty,
                        Mode = mode,
                        Stream = "transactional",
                        FromAddress = "a@b.example",
                        FromDomain = "b.example",
                        RecipientDomain = "example.net",
                        Size = 100,
                        PinnedPath = "second",
                        Now = DateTimeOffset.UtcNow,
                    },
                    0.5
                )
                .Candidates.Select(c => c.Path);
    }

    private static IReadOnlyList<CohortPlan> Plan(string action, params ChangeFacts[] facts) =>
        Plan(action, facts, last: facts.Length);

    private static IReadOnlyList<CohortPlan> Plan(
        string action,
        ChangeFacts a,
        ChangeFacts b,
        ChangeFacts c,
        int last
    ) => Plan(action, [a, b, c], last);

    private static IReadOnlyList<CohortPlan> Plan(string action, ChangeFacts[] facts, int last) =>
        CohortPlanning.Decide(
            new CohortJob(Guid.NewGuid(), action, Asker.Operator, null, LiftBounces: false, 100),
            [
                .. facts.Select(
                    (f, i) =>
                        new CohortItem(
                            Guid.Empty,
                            Message,
                            LedgerId.Delivery(Message, i + 1),
                            f,
                            "bad",
                            3,
                            "transactional",
                            LedgerId.Delivery(Message, last)
                        )
                ),
            ]
        );
}
