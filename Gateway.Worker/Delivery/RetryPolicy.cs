using Gateway.Ledger;
using Gateway.Mail;
using Gateway.Providers;

namespace Gateway.Worker.Delivery;

/// <summary>
/// What follows from a result: a pure function of the delivery, the result, the time and a draw. Its one law (I3): only
/// a permanent word about the recipient or the message itself ends in <c>bounced</c>, and only a recipient's temporary
/// refusals or the tenant's own deadline in <c>expired</c>.
/// </summary>
public static class RetryPolicy
{
    public static readonly TimeSpan Ttl = TimeSpan.FromHours(72);

    /// <summary>After which a hold ends as cancelled; it is announced on day 0, 7 and 25.</summary>
    public static readonly TimeSpan HoldFor = TimeSpan.FromDays(30);

    /// <summary>When a held delivery comes up again to be announced.</summary>
    public static TimeSpan FirstHoldNotice => HoldNotices[0];

    private static readonly TimeSpan[] HoldNotices = [TimeSpan.FromDays(7), TimeSpan.FromDays(25), HoldFor];

    /// <summary>Between tries after a temporary refusal; the last one repeats. The first gives a greylist its 5 minutes in two steps.</summary>
    private static readonly TimeSpan[] Schedule =
    [
        TimeSpan.FromMinutes(1),
        TimeSpan.FromMinutes(5),
        TimeSpan.FromMinutes(15),
        TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(1),
        TimeSpan.FromHours(2),
        TimeSpan.FromHours(4),
    ];

    private static readonly TimeSpan FirstPathWait = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LongestPathWait = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan ThrottleWait = TimeSpan.FromSeconds(30);

    /// <summary>What a delivery waits for whose refusal is not believed yet.</summary>
    public const string Verdict = "verdict";

    /// <summary>What a delivery waits for that its path's own limits gave a later turn.</summary>
    public const string PathTurn = "limit:path";

    /// <summary>For how long a refusal is weighed against what its path answers to others.</summary>
    public static readonly TimeSpan VerdictWait = TimeSpan.FromSeconds(10);

    /// <summary>The same time in which many unknown words alike are the path's fault.</summary>
    public static readonly TimeSpan UnknownWordsWait = TimeSpan.FromSeconds(60);

    /// <summary>How long the fate of a transactional, and of a broadcast, mail may stay unknown (D11).</summary>
    public static TimeSpan UnknownFor(string stream) =>
        stream == "transactional" ? TimeSpan.FromMinutes(2) : TimeSpan.FromMinutes(30);

    /// <param name="draw">In [0, 1): spreads retries by ± 20 %.</param>
    public static NextStep After(
        DeliveryFacts delivery,
        SendResult result,
        bool pathTellsDelivery,
        DateTimeOffset now,
        double draw,
        Doubt doubt = Doubt.None
    ) =>
        result.Outcome switch
        {
            Outcome.RecipientPermanent or Outcome.MessagePermanent or Outcome.ContentRefused when doubt != Doubt.None =>
                Doubted(delivery, doubt, now, draw),
            // Where no event will ever come, sent is all there is to know.
            Outcome.Accepted => new NextStep(DeliveryState.Sent, pathTellsDelivery ? null : "final"),
            Outcome.RecipientPermanent => new NextStep(DeliveryState.Bounced, "recipient"),
            Outcome.MessagePermanent => new NextStep(DeliveryState.Bounced, "message"),
            Outcome.ContentRefused => new NextStep(DeliveryState.Bounced, "content"),
            Outcome.RecipientTemporary => RetryRecipient(delivery, result, now, draw),
            // Elsewhere at once: the failed path now rests, so the next claim finds another, or waits.
            Outcome.PathDown or Outcome.PathBlocked => WithinTtl(
                delivery,
                now,
                new NextStep(DeliveryState.Queued, DueIn: TimeSpan.Zero) { Waits = delivery.Waits, Event = "rerouted" }
            ),
            Outcome.PathThrottled => WithinTtl(
                delivery,
                now,
                Wait(delivery, result.RetryAfter ?? Jitter(ThrottleWait, draw), "path")
            ),
            Outcome.Unknown => new NextStep(
                DeliveryState.Unknown,
                DueIn: UnknownFor(delivery.Stream),
                WaitingFor: "reconciliation"
            ),
            // Another path would fail alike, and the fault is ours: it is kept until somebody mended it.
            Outcome.AdapterBug => Hold("adapter_bug"),
            _ => throw new ArgumentOutOfRangeException(nameof(result), result.Outcome, "no such outcome"),
        };

    /// <summary>A refusal that nobody believes yet is no bounce: another path says, or a person.</summary>
    private static NextStep Doubted(DeliveryFacts delivery, Doubt doubt, DateTimeOffset now, double draw) =>
        doubt switch
        {
            Doubt.MassBounce => Hold("mass_bounce"),
            // The same path once more: there is no other, so it waits for one.
            Doubt.SamePathOnProbation => NoPath(delivery, now, draw),
            Doubt.TooEarly => Weigh(delivery, VerdictWait),
            Doubt.TooEarlyForUnknownWords => Weigh(delivery, UnknownWordsWait),
            _ => WithinTtl(
                delivery,
                now,
                new NextStep(DeliveryState.Queued, DueIn: TimeSpan.Zero) { Waits = delivery.Waits, Event = "rerouted" }
            ),
        };

    /// <summary>No path can carry it now: it waits, longer each time, and spends nothing (I7).</summary>
    public static NextStep NoPath(DeliveryFacts delivery, DateTimeOffset now, double draw)
    {
        var doubled = FirstPathWait * Math.Pow(2, Math.Min(delivery.Waits, 10));
        var wait = doubled < LongestPathWait ? doubled : LongestPathWait;
        return WithinTtl(delivery, now, Wait(delivery, Jitter(wait, draw), "path"));
    }

    /// <summary>The path's rate has no room for it: it waits until it is told to, and spends nothing (I7).</summary>
    public static NextStep OverRate(DeliveryFacts delivery, TimeSpan wait, DateTimeOffset now) =>
        WithinTtl(delivery, now, Wait(delivery, wait, PathTurn) with { Waits = delivery.Waits });

    /// <summary>Its path asked to be left alone until then, and for so short a time no other is taken.</summary>
    public static NextStep Paused(DeliveryFacts delivery, DateTimeOffset until, DateTimeOffset now, double draw)
    {
        // Spread over a second: all at once would meet the same answer.
        var wait = (until > now ? until - now : TimeSpan.Zero) + TimeSpan.FromSeconds(draw);
        return WithinTtl(delivery, now, Wait(delivery, wait, "path") with { Waits = delivery.Waits });
    }

    public static NextStep Hold(string reason) => new(DeliveryState.Held, reason, HoldNotices[0], "release");

    /// <summary>What becomes of a delivery before anything is sent; null where it may go on.</summary>
    public static NextStep? BeforeSending(DeliveryFacts delivery, bool hasContent, DateTimeOffset now)
    {
        if (delivery.State == DeliveryState.Held)
        {
            return HoldNotice(delivery, now);
        }

        // One that waits for its verdict was refused in time: that is its end or not.
        if (delivery.Deadline <= now && delivery.WaitingFor != Verdict)
        {
            return new NextStep(DeliveryState.Expired, "tenant_deadline");
        }

        if (!hasContent)
        {
            return Hold("content_gone");
        }

        return delivery.State == DeliveryState.Unknown && delivery.AtMostOnce ? Hold("outcome_unknown") : null;
    }

    private static NextStep HoldNotice(DeliveryFacts delivery, DateTimeOffset now)
    {
        var held = now - (delivery.HeldAt ?? now);
        foreach (var notice in HoldNotices)
        {
            if (held < notice)
            {
                return new NextStep(DeliveryState.Held, DueIn: notice - held, WaitingFor: "release")
                {
                    Event = "hold_reminder",
                };
            }
        }

        return new NextStep(DeliveryState.Cancelled, "hold_ended");
    }

    private static NextStep RetryRecipient(DeliveryFacts delivery, SendResult result, DateTimeOffset now, double draw)
    {
        var ran = delivery.TemporarySpent + (delivery.TemporarySince is { } since ? now - since : TimeSpan.Zero);
        if (ran >= Ttl)
        {
            return new NextStep(DeliveryState.Expired, "ttl");
        }

        var wait = Jitter(Schedule[Math.Min(delivery.Deferrals, Schedule.Length - 1)], draw);
        if (result.RetryAfter > wait)
        {
            wait = result.RetryAfter.Value;
        }

        return new NextStep(DeliveryState.Deferred, "recipient", UntilDeadline(delivery, wait, now), "recipient")
        {
            Clock = TtlClock.Run,
            Deferrals = delivery.Deferrals + 1,
        };
    }

    /// <summary>A hard refusal is final once its path showed that it is not general (S5): nobody's bounce before that.</summary>
    private static NextStep Weigh(DeliveryFacts delivery, TimeSpan wait) =>
        Wait(delivery, wait, Verdict) with
        {
            Waits = delivery.Waits,
        };

    private static NextStep Wait(DeliveryFacts delivery, TimeSpan wait, string waitingFor) =>
        new(DeliveryState.Deferred, waitingFor, wait, waitingFor)
        {
            Deferrals = delivery.Deferrals,
            Waits = delivery.Waits + 1,
        };

    /// <summary>What did not fail by the recipient's word never expires: at its TTL it is held.</summary>
    private static NextStep WithinTtl(DeliveryFacts delivery, DateTimeOffset now, NextStep step)
    {
        if (now - delivery.Since >= Ttl)
        {
            return Hold("ttl_reached");
        }

        return step.DueIn is { } wait ? step with { DueIn = UntilDeadline(delivery, wait, now) } : step;
    }

    /// <summary>Comes back in time to be expired by the tenant's own deadline.</summary>
    private static TimeSpan UntilDeadline(DeliveryFacts delivery, TimeSpan wait, DateTimeOffset now) =>
        delivery.Deadline is { } deadline && now + wait > deadline
            ? (deadline > now ? deadline - now : TimeSpan.Zero)
            : wait;

    private static TimeSpan Jitter(TimeSpan wait, double draw) => wait * (0.8 + (0.4 * draw));
}
