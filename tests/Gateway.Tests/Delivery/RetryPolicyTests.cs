using Gateway.Ledger;
using Gateway.Mail;
using Gateway.Providers;
using Gateway.Worker.Delivery;

namespace Gateway.Tests.Delivery;

public sealed class RetryPolicyTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly DeliveryFacts Fresh = new()
    {
        State = DeliveryState.Queued,
        Stream = "transactional",
        Since = Now,
        Deadline = null,
    };

    /// <summary>I3: no failure of a path, no doubt and no bug of ours ever ends in a bounce or an expiry.</summary>
    [Theory]
    [InlineData(Outcome.PathDown)]
    [InlineData(Outcome.PathThrottled)]
    [InlineData(Outcome.PathBlocked)]
    [InlineData(Outcome.Unknown)]
    [InlineData(Outcome.AdapterBug)]
    public void What_is_not_the_recipients_word_never_bounces_nor_expires(Outcome outcome)
    {
        foreach (var age in (double[])[0, 1, 71, 72, 73, 1_000])
        {
            foreach (var draw in (double[])[0, 0.5, 0.999])
            {
                var step = After(
                    Fresh with
                    {
                        Since = Now.AddHours(-age),
                        Waits = 40,
                        Deferrals = 40,
                    },
                    outcome,
                    draw: draw
                );
                Assert.DoesNotContain(step.State, (string[])[DeliveryState.Bounced, DeliveryState.Expired]);
                Assert.True(DeliveryState.MayFollow(DeliveryState.Sending, step.State), $"sending → {step.State}");
                Assert.Equal(
                    age >= 72 && outcome is not (Outcome.Unknown or Outcome.AdapterBug),
                    step.Cause == "ttl_reached"
                );
            }
        }
    }

    [Theory]
    [InlineData(Outcome.RecipientPermanent, "recipient")]
    [InlineData(Outcome.MessagePermanent, "message")]
    [InlineData(Outcome.ContentRefused, "content")]
    public void A_permanent_word_bounces_with_its_cause(Outcome outcome, string cause) =>
        Assert.Equal((DeliveryState.Bounced, cause, null), Shape(After(Fresh, outcome)));

    [Fact]
    public void The_ttl_runs_only_while_the_recipient_refuses()
    {
        var spent = Fresh with { TemporarySpent = TimeSpan.FromHours(71), TemporarySince = Now.AddHours(-1) };
        Assert.Equal(DeliveryState.Expired, After(spent, Outcome.RecipientTemporary).State);

        // As old, but most of the time it waited for a path.
        var waited = Fresh with
        {
            Since = Now.AddHours(-200),
            TemporarySpent = TimeSpan.FromHours(1),
        };
        var step = After(waited, Outcome.RecipientTemporary);
        Assert.Equal(DeliveryState.Deferred, step.State);
        Assert.Equal(TtlClock.Run, step.Clock);
        Assert.Equal(TtlClock.Stop, After(Fresh, Outcome.PathThrottled).Clock);
    }

    [Fact]
    public void Retries_come_later_each_time_and_are_spread()
    {
        var waits = Enumerable
            .Range(0, 10)
            .Select(n => After(Fresh with { Deferrals = n }, Outcome.RecipientTemporary, draw: 0.5).DueIn!.Value)
            .ToArray();
        Assert.Equal(waits.Order(), waits);
        Assert.Equal(TimeSpan.FromMinutes(1), waits[0]);
        Assert.Equal(TimeSpan.FromHours(4), waits[^1]);
        Assert.NotEqual(
            After(Fresh, Outcome.RecipientTemporary, draw: 0.1).DueIn,
            After(Fresh, Outcome.RecipientTemporary, draw: 0.9).DueIn
        );
    }

    [Fact]
    public void A_hint_of_the_server_is_honoured_when_it_is_later()
    {
        var result = new SendResult(Outcome.RecipientTemporary, OutcomeScope.Recipient, "RcptTo", "450 greylisted")
        {
            RetryAfter = TimeSpan.FromMinutes(9),
        };
        Assert.Equal(TimeSpan.FromMinutes(9), RetryPolicy.After(Fresh, result, false, Now, 0.5).DueIn);
    }

    [Fact]
    public void Without_a_path_it_waits_longer_each_time_up_to_two_minutes()
    {
        var waits = Enumerable.Range(0, 8).Select(n => RetryPolicy.NoPath(Fresh with { Waits = n }, Now, 0.5).DueIn);
        Assert.Equal([15, 30, 60, 120, 120, 120, 120, 120], waits.Select(w => (int)w!.Value.TotalSeconds));
    }

    [Fact]
    public void The_tenants_own_deadline_expires_a_message_in_time()
    {
        var urgent = Fresh with { Deadline = Now.AddSeconds(20) };
        Assert.Equal(TimeSpan.FromSeconds(20), After(urgent, Outcome.RecipientTemporary).DueIn);
        Assert.Equal(
            (DeliveryState.Expired, "tenant_deadline", null),
            Shape(RetryPolicy.BeforeSending(urgent, hasContent: true, Now.AddSeconds(20))!)
        );
        Assert.Null(RetryPolicy.BeforeSending(urgent, hasContent: true, Now));
    }

    [Fact]
    public void An_unknown_outcome_is_sent_again_or_held_as_the_tenant_wants()
    {
        var unknown = Fresh with { State = DeliveryState.Unknown };
        Assert.Null(RetryPolicy.BeforeSending(unknown, hasContent: true, Now));
        Assert.Equal(
            "outcome_unknown",
            RetryPolicy.BeforeSending(unknown with { AtMostOnce = true }, true, Now)!.Cause
        );
        Assert.Equal(TimeSpan.FromMinutes(2), After(Fresh, Outcome.Unknown).DueIn);
        Assert.Equal(TimeSpan.FromMinutes(30), After(Fresh with { Stream = "broadcast" }, Outcome.Unknown).DueIn);
    }

    [Fact]
    public void A_hold_is_announced_and_ends_as_cancelled_after_thirty_days()
    {
        var held = Fresh with { State = DeliveryState.Held, HeldAt = Now };
        Assert.Equal(TimeSpan.FromDays(7), RetryPolicy.Hold("x").DueIn);
        Assert.Equal("hold_reminder", RetryPolicy.BeforeSending(held, true, Now.AddDays(7))!.Event);
        Assert.Equal(TimeSpan.FromDays(18), RetryPolicy.BeforeSending(held, true, Now.AddDays(7))!.DueIn);
        Assert.Equal(
            (DeliveryState.Cancelled, "hold_ended", null),
            Shape(RetryPolicy.BeforeSending(held, true, Now.AddDays(30))!)
        );
    }

    [Fact]
    public void Sent_is_final_where_no_event_will_come()
    {
        Assert.Equal((DeliveryState.Sent, "final", null), Shape(After(Fresh, Outcome.Accepted)));
        Assert.Null(After(Fresh, Outcome.Accepted, tells: true).Cause);
    }

    private static (string, string?, TimeSpan?) Shape(NextStep step) => (step.State, step.Cause, step.DueIn);

    private static NextStep After(DeliveryFacts delivery, Outcome outcome, double draw = 0.5, bool tells = false) =>
        RetryPolicy.After(delivery, new SendResult(outcome, OutcomeScope.None, "FinalDot", "x"), tells, Now, draw);
}
