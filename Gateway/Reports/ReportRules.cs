using Gateway.Ledger;
using Gateway.Mail;
using Gateway.Mail.Bounces;

namespace Gateway.Reports;

/// <summary>
/// What follows from a report: a pure function of the delivery and the report (D5, D10). Reports come late, twice and in
/// any order, so nothing here looks at the clock: the same reports in another order end in the same state. An end is left
/// only by a late hard bounce of what was delivered; a fault of the path never becomes the tenant's bounce (I3).
/// </summary>
public static class ReportRules
{
    /// <summary>So often a delivery is sent again after a path bounced it for a fault of the path's own; then it is held.</summary>
    public const int MostPathBounces = 2;

    public const string PathBounce = "path_bounce";

    /// <summary>The attempt that is meant; null where it is none of the delivery's, or went over another path.</summary>
    public static PastAttempt? Find(IReadOnlyList<PastAttempt> attempts, DeliveryReport report)
    {
        PastAttempt? last = null;
        foreach (var attempt in attempts)
        {
            var fits =
                (report.Attempt ?? attempt.Number) == attempt.Number
                && (report.Path is null || report.Path == attempt.Path);
            if (fits && !(attempt.Number < last?.Number))
            {
                last = attempt;
            }
        }

        return last;
    }

    /// <param name="now">A delivery that is not on the network.</param>
    /// <param name="attempt">As <see cref="Find"/> found it.</param>
    public static ReportDecision Decide(DeliveryPicture now, PastAttempt attempt, DeliveryReport report) =>
        report.Kind switch
        {
            Reported.Processed or Reported.Deferred => Taken(now, attempt, TypeOf(report.Kind)),
            // Nobody opens, follows or reports what has not arrived, whatever the order of the news.
            Reported.Delivered or Reported.Opened or Reported.Clicked or Reported.Complained => Delivered(
                now,
                TypeOf(report.Kind)
            ),
            Reported.Failed => Failed(now, attempt, report),
            _ => Note(now, TypeOf(report.Kind)),
        };

    /// <summary>True for a failure that says nothing about the recipient or the message.</summary>
    public static bool IsOfThePath(Outcome outcome) =>
        outcome
            is Outcome.PathBlocked
                or Outcome.PathDown
                or Outcome.PathThrottled
                // Failed for good, and nobody said why: I3 forbids to call that the tenant's bounce.
                or Outcome.Unknown
                or Outcome.AdapterBug;

    /// <summary>Whose fault a failure is, as events say it.</summary>
    public static string CauseOf(Outcome failure) =>
        failure switch
        {
            Outcome.RecipientPermanent or Outcome.RecipientTemporary => "recipient",
            Outcome.MessagePermanent => "message",
            Outcome.ContentRefused => "content",
            _ when IsOfThePath(failure) => "path",
            _ => throw new ArgumentOutOfRangeException(nameof(failure), failure, "no failure"),
        };

    /// <summary>The event that a report is by itself.</summary>
    public static string TypeOf(Reported kind) =>
        kind switch
        {
            Reported.Processed => "processed",
            Reported.Deferred => "deferred",
            Reported.Delivered => "delivered",
            Reported.Failed => "bounced",
            Reported.Complained => "complained",
            Reported.Opened => "opened",
            Reported.Clicked => "clicked",
            Reported.Unsubscribed => "unsubscribed",
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no such report"),
        };

    /// <summary>The provider has it: what was unknown is sent.</summary>
    private static ReportDecision Taken(DeliveryPicture now, PastAttempt attempt, string type) =>
        now.State == DeliveryState.Unknown && attempt.Number == now.LastAttempt
            ? new(
                [new("sent", DeliveryState.Sent), new(type)],
                now with
                {
                    State = DeliveryState.Sent,
                    Cause = null,
                },
                QueueMove.Leave
            )
            : Note(now, type);

    /// <summary>It arrived, by whichever attempt: a copy that still waits is not sent.</summary>
    private static ReportDecision Delivered(DeliveryPicture now, string type)
    {
        if (!DeliveryState.MayFollow(now.State, DeliveryState.Delivered))
        {
            return Note(now, type);
        }

        var arrived = new ReportStep("delivered", DeliveryState.Delivered);
        return new(
            type == "delivered" ? [arrived] : [arrived, new(type)],
            now with
            {
                State = DeliveryState.Delivered,
                Cause = null,
            },
            QueueMove.Leave
        );
    }

    private static ReportDecision Failed(DeliveryPicture now, PastAttempt attempt, DeliveryReport report)
    {
        var cause = CauseOf(report.Outcome);

        // What an earlier attempt came to decides nothing any more: a later one is on its way or came to its own end.
        var decides =
            attempt.Number == now.LastAttempt
            && (
                now.State is DeliveryState.Sent or DeliveryState.Unknown
                || (now.State == DeliveryState.Delivered && report.Class == BounceClass.Hard && cause == "recipient")
            );
        if (!decides)
        {
            return Note(now, "bounced", cause);
        }

        return cause == "path"
            ? Elsewhere(now, attempt.Path)
            : new(
                [new("bounced", DeliveryState.Bounced, cause)],
                now with
                {
                    State = DeliveryState.Bounced,
                    Cause = cause,
                },
                QueueMove.Leave
            );
    }

    /// <summary>The path's own fault: it is tried without that path, so often at most, and then somebody looks.</summary>
    private static ReportDecision Elsewhere(DeliveryPicture now, string path)
    {
        var (state, move) =
            now.PathBounces < MostPathBounces
                ? (DeliveryState.Queued, QueueMove.Again)
                : (DeliveryState.Held, QueueMove.Hold);
        return new(
            [new(state, state, PathBounce)],
            now with
            {
                State = state,
                Cause = PathBounce,
                PathBounces = now.PathBounces + 1,
                Avoid = now.Avoid.Contains(path) ? now.Avoid : now.Avoid.Add(path),
            },
            move
        );
    }

    private static ReportDecision Note(DeliveryPicture now, string type, string? cause = null) =>
        new([new(type, Cause: cause)], now, QueueMove.Stay);
}
