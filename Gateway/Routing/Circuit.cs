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

    /// <summary>One that stayed closed for so long begins anew; sooner, it flaps and rests longer each time.</summary>
    private static readonly TimeSpan StableAfter = TimeSpan.FromMinutes(10);

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

    /// <summary>The canary came through, or another worker says so.</summary>
    public Circuit Close(DateTimeOffset now) =>
        IsOpen ? this with { Reason = null, RestsUntil = default, ChangedAt = now, Unknowns = 0 } : this;

    /// <summary>The canary failed: it rests once more, longer.</summary>
    public Circuit RestAgain(string reply, DateTimeOffset now) => Open(reply, FirstRest, LongestRest, null, now);

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

        var openings = !IsOpen && now - ChangedAt > StableAfter ? 0 : Openings;
        var doubled = first * Math.Pow(2, Math.Min(openings, 16));
        var rest = doubled < longest ? doubled : longest;
        return new Circuit
        {
            Reason = reply,
            RestsUntil = now + (asked > rest ? asked.Value : rest),
            ChangedAt = IsOpen ? ChangedAt : now,
            Openings = openings + 1,
        };
    }
}
