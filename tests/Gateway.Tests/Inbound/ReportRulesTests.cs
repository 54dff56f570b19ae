using Gateway.Ledger;
using Gateway.Mail;
using Gateway.Mail.Bounces;
using Gateway.Reports;

namespace Gateway.Tests.Inbound;

public sealed class ReportRulesTests
{
    private static readonly PastAttempt First = new(1, "a");
    private static readonly PastAttempt Second = new(2, "b");
    private static readonly DeliveryPicture Sent = new() { State = DeliveryState.Sent, LastAttempt = 1 };

    private static readonly DeliveryReport Delivered = Report(Reported.Delivered);
    private static readonly DeliveryReport Hard = Fail(Outcome.RecipientPermanent, BounceClass.Hard);
    private static readonly DeliveryReport Blocked = Fail(Outcome.PathBlocked, BounceClass.Block);

    [Theory]
    [InlineData(Outcome.RecipientPermanent, "bounced", "recipient")]
    [InlineData(Outcome.RecipientTemporary, "bounced", "recipient")]
    [InlineData(Outcome.MessagePermanent, "bounced", "message")]
    [InlineData(Outcome.ContentRefused, "bounced", "content")]
    [InlineData(Outcome.PathBlocked, "queued", "path_bounce")]
    [InlineData(Outcome.PathDown, "queued", "path_bounce")]
    [InlineData(Outcome.PathThrottled, "queued", "path_bounce")]
    [InlineData(Outcome.Unknown, "queued", "path_bounce")]
    [InlineData(Outcome.AdapterBug, "queued", "path_bounce")]
    public void Only_the_recipient_or_the_message_bounces_what_was_sent(Outcome outcome, string state, string cause)
    {
        var after = ReportRules.Decide(Sent, First, Fail(outcome)).After;
        Assert.Equal((state, cause), (after.State, after.Cause));
    }

    [Fact]
    public void A_path_bounce_sends_again_without_that_path_twice_and_then_holds()
    {
        var once = ReportRules.Decide(Sent, First, Blocked);
        Assert.Equal((QueueMove.Again, 1), (once.Queue, once.After.PathBounces));
        Assert.Equal(["a"], once.After.Avoid);

        var resent = once.After with { State = DeliveryState.Sent, LastAttempt = 2 };
        var twice = ReportRules.Decide(resent, Second, Blocked);
        Assert.Equal(QueueMove.Again, twice.Queue);
        Assert.Equal(["a", "b"], twice.After.Avoid);

        var third = twice.After with { State = DeliveryState.Sent, LastAttempt = 3 };
        var held = ReportRules.Decide(third, new PastAttempt(3, "c"), Blocked);
        Assert.Equal((QueueMove.Hold, DeliveryState.Held), (held.Queue, held.After.State));
    }

    [Fact]
    public void What_was_unknown_is_known()
    {
        var unknown = Sent with { State = DeliveryState.Unknown };
        Assert.Equal(["sent", "processed"], Types(unknown, Report(Reported.Processed)));
        Assert.Equal(["sent", "deferred"], Types(unknown, Report(Reported.Deferred)));
        Assert.Equal(["delivered"], Types(unknown, Delivered));
        Assert.Equal(DeliveryState.Bounced, ReportRules.Decide(unknown, First, Hard).After.State);
        Assert.Equal(DeliveryState.Queued, ReportRules.Decide(unknown, First, Blocked).After.State);
    }

    [Fact]
    public void A_failure_of_an_earlier_attempt_decides_nothing_and_its_arrival_everything()
    {
        var again = Sent with { LastAttempt = 2 };
        Assert.Equal(DeliveryState.Sent, ReportRules.Decide(again, First, Hard).After.State);
        Assert.Equal(DeliveryState.Sent, ReportRules.Decide(again, First, Blocked).After.State);
        Assert.Equal(DeliveryState.Delivered, ReportRules.Decide(again, First, Delivered).After.State);
    }

    [Theory]
    [InlineData("queued")]
    [InlineData("deferred")]
    [InlineData("held")]
    public void A_copy_that_waits_while_another_arrived_is_not_sent(string state)
    {
        var decision = ReportRules.Decide(Sent with { State = state }, First, Delivered);
        Assert.Equal((QueueMove.Leave, DeliveryState.Delivered), (decision.Queue, decision.After.State));
    }

    [Theory]
    [InlineData(Reported.Opened, "opened")]
    [InlineData(Reported.Clicked, "clicked")]
    [InlineData(Reported.Complained, "complained")]
    public void What_is_read_has_arrived(Reported kind, string type)
    {
        Assert.Equal(["delivered", type], Types(Sent, Report(kind)));
        Assert.Equal([type], Types(Sent with { State = DeliveryState.Delivered }, Report(kind)));
    }

    [Fact]
    public void Only_a_late_hard_bounce_corrects_what_was_delivered()
    {
        var delivered = Sent with { State = DeliveryState.Delivered };
        foreach (var outcome in Enum.GetValues<Outcome>().Where(o => o != Outcome.Accepted))
        {
            foreach (var kind in Enum.GetValues<BounceClass>())
            {
                var after = ReportRules.Decide(delivered, First, Fail(outcome, kind)).After.State;
                var isHard =
                    kind == BounceClass.Hard && (outcome is Outcome.RecipientPermanent or Outcome.RecipientTemporary);
                Assert.Equal(isHard ? DeliveryState.Bounced : DeliveryState.Delivered, after);
            }
        }
    }

    [Fact]
    public void Every_step_is_one_of_the_state_table()
    {
        foreach (var state in DeliveryState.All.Where(s => s != DeliveryState.Sending))
        {
            foreach (var report in AllReports())
            {
                var from = state;
                foreach (var step in ReportRules.Decide(Sent with { State = state }, First, report).Steps)
                {
                    Assert.True(step.State is null || DeliveryState.MayFollow(from, step.State), $"{from} → {step}");
                    from = step.State ?? from;
                }
            }
        }
    }

    /// <summary>The providers' histories in every order, each once more repeated.</summary>
    [Theory]
    [InlineData("processed deferred delivered opened clicked", "delivered")]
    [InlineData("processed deferred hard", "bounced")]
    [InlineData("processed delivered hard complained", "bounced")]
    [InlineData("processed deferred blocked", "queued")]
    [InlineData("delivered complained unsubscribed", "delivered")]
    [InlineData("processed content", "bounced")]
    public void The_order_of_reports_changes_nothing(string history, string expected)
    {
        var reports = history.Split(' ').Select(Named).ToArray();
        foreach (var order in Orders(reports))
        {
            foreach (var start in new[] { DeliveryState.Sent, DeliveryState.Unknown })
            {
                var picture = Sent with { State = start };
                foreach (var report in order.Concat(order))
                {
                    picture = ReportRules.Decide(picture, First, report).After;
                }

                Assert.Equal(expected, picture.State);
            }
        }
    }

    [Fact]
    public void A_report_of_another_path_or_of_no_attempt_is_not_ours()
    {
        PastAttempt[] attempts = [First, Second];
        Assert.Equal(First, ReportRules.Find(attempts, Delivered with { Path = "a" }));
        Assert.Equal(Second, ReportRules.Find(attempts, Delivered));
        Assert.Equal(Second, ReportRules.Find(attempts, Delivered with { Attempt = 2, Path = "b" }));
        Assert.Null(ReportRules.Find(attempts, Delivered with { Attempt = 2, Path = "a" }));
        Assert.Null(ReportRules.Find(attempts, Delivered with { Attempt = 3 }));
        Assert.Null(ReportRules.Find([], Delivered));
    }

    private static string[] Types(DeliveryPicture now, DeliveryReport report) =>
        [.. ReportRules.Decide(now, First, report).Steps.Select(s => s.Type)];

    private static IEnumerable<DeliveryReport> AllReports() =>
        Enum.GetValues<Reported>()
            .Where(k => k != Reported.Failed)
            .Select(Report)
            .Concat(Enum.GetValues<Outcome>().Where(o => o != Outcome.Accepted).Select(o => Fail(o, BounceClass.Hard)));

    private static DeliveryReport Named(string name) =>
        name switch
        {
            "hard" => Hard,
            "blocked" => Blocked,
            "content" => Fail(Outcome.ContentRefused, BounceClass.Block),
            _ => Report(Enum.Parse<Reported>(name, ignoreCase: true)),
        };

    private static DeliveryReport Fail(Outcome outcome, BounceClass kind = BounceClass.Soft) =>
        Report(Reported.Failed) with
        {
            Outcome = outcome,
            Class = kind,
        };

    private static DeliveryReport Report(Reported kind) =>
        new()
        {
            MessageId = Guid.Empty,
            DeliveryId = Guid.Empty,
            Kind = kind,
            Source = "provider",
            At = DateTimeOffset.UnixEpoch,
        };

    private static IEnumerable<DeliveryReport[]> Orders(DeliveryReport[] reports) =>
        reports.Length <= 1
            ? [reports]
            : reports.SelectMany(
                (r, i) => Orders([.. reports[..i], .. reports[(i + 1)..]]).Select(o => (DeliveryReport[])[r, .. o])
            );
}
