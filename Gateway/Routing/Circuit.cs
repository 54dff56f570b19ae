using Gateway.Mail;

namespace Gateway.Routing;

/// <summary>
/// One circuit as a value: what an outcome makes of it is a pure function. While it is open no mail is spent on the path
/// (I7); it closes by a canary of ours, or, where no canary can ask the question (one sending domain, one domain of
/// recipients), by one delivery after its rest.
/// </summary>
public sealed record Circuit
{
    public static readonly Circuit Closed = new();
    private static readonly TimeSpan FirstRest = TimeSpan.FromSeconds(2);

    /// <summary>A block is somebody's decision: it does not pass in seconds.</summary>
    private static readonly TimeSpan FirstRestWhenBlocked = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LongestRest = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestRestWhenBlocked = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan BetweenGoodAnswers = TimeSpan.FromSeconds(1);

    /// <summary>One that stayed closed for so long begins anew; sooner, it flaps and must answer well more often.</summary>
    private static readonly TimeSpan StableAfter = TimeSpan.FromMinutes(10);
    private const int MostGoodAnswers = 5;

    private const int RememberedOutcomes = 10;
    private const int UnknownsInARow = 2;
    private const int UnknownsOfRemembered = 3;

    /// <summary>Why it is open; null while it is closed.</summary>
    public string? Reason { get; init; }

    /// <summary>When somebody may ask again whether it works.</summary>
    public DateTimeOffset RestsUntil { get; init; }

    /// <summary>When it was opened or closed last.</summary>
    public DateTimeOffset ChangedAt { get; init; }

    /// <summary>Openings without a stable time between them.</summary>
    public int Openings { get; init; }

    /// <summary>Answers of the canary in a row since it opened.</summary>
    private int GoodAnswers { get; init; }
    private int BadAnswers { get; init; }

    /// <summary>One bit for each of the last outcomes, the newest lowest: was nothing known of it?</summary>
    private int Unknowns { get; init; }

    public bool IsOpen => Reason is not null;

    /// <summary>What this outcome makes of the circuit; the same circuit where it makes nothing.</summary>
    /// <param name="askedWait">The time that the provider asked for.</param>
    public Circuit After(Outcome outcome, string reply, TimeSpan? askedWait, DateTimeOffset now) =>
        outcome switch
        {
            Outcome.PathDown => Open(reply, FirstRest, LongestRest, askedWait, now),
            Outcome.PathBlocked => Open(reply, FirstRestWhenBlocked, LongestRestWhenBlocked, askedWait, now),
            Outcome.Unknown => AfterUnknown(reply, now),
            // Throttled paths wait their time, and an adapter's bug is ours: neither says that the path is dead.
            Outcome.PathThrottled or Outcome.AdapterBug => this,
            _ => AfterAnswer(),
        };

    /// <summary>The canary came through: as often in a row as the path failed lately, and the circuit closes.</summary>
    public Circuit AnsweredWell(DateTimeOffset now)
    {
        if (!IsOpen)
        {
            return this;
        }

        return GoodAnswers + 1 >= Math.Min(Openings, MostGoodAnswers)
            ? this with
            {
                Reason = null,
                RestsUntil = default,
                ChangedAt = now,
                GoodAnswers = 0,
                BadAnswers = 0,
                Unknowns = 0,
            }
            : this with
            {
                GoodAnswers = GoodAnswers + 1,
                RestsUntil = now + BetweenGoodAnswers,
            };
    }

    /// <summary>Somebody's mail was carried: the question is answered whole.</summary>
    public Circuit Answered(DateTimeOffset now) =>
        IsOpen ? (this with { GoodAnswers = MostGoodAnswers }).AnsweredWell(now) : this;

    /// <summary>The canary failed: it rests once more, longer.</summary>
    public Circuit AnsweredBadly(string reply, DateTimeOffset now) =>
        IsOpen
            ? this with
            {
                Reason = reply,
                GoodAnswers = 0,
                BadAnswers = BadAnswers + 1,
                RestsUntil = now + Doubled(FirstRest, BadAnswers + 1, LongestRest),
            }
            : this;

    /// <summary>Keeps everybody else from asking while one asks.</summary>
    public Circuit Asking(TimeSpan patience, DateTimeOffset now) => this with { RestsUntil = now + patience };

    private Circuit AfterUnknown(string reply, DateTimeOffset now)
    {
        var unknowns = Remember(isUnknown: true);
        var inARow = (unknowns & ((1 << UnknownsInARow) - 1)) == (1 << UnknownsInARow) - 1;
        return inARow || int.PopCount(unknowns) >= UnknownsOfRemembered
            ? Open($"no answer: {reply}", FirstRest, LongestRest, null, now)
            : this with
            {
                Unknowns = unknowns,
            };
    }

    /// <summary>Somebody is there and answers; an open circuit stays open, since this was begun before it opened.</summary>
    private Circuit AfterAnswer() => Unknowns == 0 ? this : this with { Unknowns = Remember(isUnknown: false) };

    private int Remember(bool isUnknown) => ((Unknowns << 1) | (isUnknown ? 1 : 0)) & ((1 << RememberedOutcomes) - 1);

    private Circuit Open(string reply, TimeSpan first, TimeSpan longest, TimeSpan? asked, DateTimeOffset now)
    {
        if (IsOpen && RestsUntil > now)
        {
            // What was on its way when it opened tells nothing new.
            return this;
        }

        var bad = IsOpen ? BadAnswers + 1 : 0;
        var rest = Doubled(first, bad, longest);
        return new Circuit
        {
            Reason = reply,
            RestsUntil = now + (asked > rest ? asked.Value : rest),
            ChangedAt = IsOpen ? ChangedAt : now,
            Openings =
                IsOpen ? Openings
                : now - ChangedAt > StableAfter ? 1
                : Openings + 1,
            BadAnswers = bad,
        };
    }

    private static TimeSpan Doubled(TimeSpan first, int times, TimeSpan longest)
    {
        var doubled = first * Math.Pow(2, Math.Min(times, 16));
        return doubled < longest ? doubled : longest;
    }
}
