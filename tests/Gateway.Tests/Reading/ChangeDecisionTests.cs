using Gateway.Api.Messages;
using Gateway.Cohorts;
using Gateway.Ledger;

namespace Gateway.Tests.Reading;

public sealed class ChangeDecisionTests
{
    private static readonly Guid Message = LedgerId.NewMessage(DateTimeOffset.UtcNow);

    public static TheoryData<string> States => [.. DeliveryState.All];

    [Theory]
    [MemberData(nameof(States))]
    public void Whatever_is_decided_is_a_lawful_step_or_has_a_reason(string state)
    {
        foreach (
            var decide in (Decide[])
                [Cancelling.As(Asker.Tenant), Releasing.As(Asker.Tenant), Resending.As(Asker.Tenant)]
        )
        {
            foreach (var begun in (bool[])[true, false])
            {
                var plan = Plan(decide, state, begun);
                if (plan.State is not null)
                {
                    Assert.True(DeliveryState.MayFollow(state, plan.State), $"{state} → {plan.State}");
                    Assert.False(begun, $"{state} may be leaving at this moment");
                    Assert.NotEmpty(plan.Event);
                }

                var changed = plan.State is not null || plan.ResentAs is not null || plan.Cancelled == true;
                Assert.NotEqual(changed, plan.Reason is not null);
            }
        }
    }

    [Fact]
    public void Each_state_has_its_answer_to_a_cancellation()
    {
        string?[] expected =
        [
            null, // queued
            "being_sent",
            "already_sent", // sent
            "already_sent", // delivered
            null, // deferred
            null, // held
            "outcome_unknown",
            "ended", // bounced
            "ended", // suppressed
            "ended", // expired
            null, // cancelled
        ];
        Assert.Equal(
            expected,
            DeliveryState.All.Select(s => Plan(Cancelling.As(Asker.Tenant), s, begun: false).Reason)
        );
    }

    [Fact]
    public void Each_state_has_its_answer_to_a_resend()
    {
        string?[] expected =
        [
            "unfinished", // queued
            "unfinished", // sending
            "already_sent",
            "already_sent", // delivered
            "unfinished", // deferred
            null, // held
            "outcome_unknown",
            null, // bounced
            "suppressed",
            null, // expired
            null, // cancelled
        ];
        Assert.Equal(expected, DeliveryState.All.Select(s => Plan(Resending.As(Asker.Tenant), s, begun: false).Reason));
    }

    [Fact]
    public void Without_a_free_place_nothing_is_sent_again()
    {
        var last = Delivery(DeliveryState.Bounced) with { Id = LedgerId.Delivery(Message, LedgerId.MaxPlace) };
        var plan = Resending.As(Asker.Tenant)(Holding(last), [last], byName: false, DateTimeOffset.UtcNow).Single();
        Assert.Equal(("too_many_deliveries", null), (plan.Reason, plan.ResentAs));
    }

    private static ChangePlan Plan(Decide decide, string state, bool begun)
    {
        var delivery = Delivery(state) with { IsBegun = begun };
        return decide(Holding(delivery), [delivery], byName: false, DateTimeOffset.UtcNow).Single();
    }

    private static LockedMessage Holding(LockedDelivery delivery) =>
        new(Message, "transactional", HasContent: true, Deadline: null, [delivery]);

    private static LockedDelivery Delivery(string state) =>
        new(LedgerId.Delivery(Message, 1), "ann@example.com", state, null, 3, null, IsBegun: false);
}
