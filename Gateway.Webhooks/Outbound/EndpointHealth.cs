namespace Gateway.Webhooks.Outbound;

/// <summary>What an endpoint's answers say of it: pure. Kept in the ledger, so that a new owner goes on with it.</summary>
/// <param name="Failures">In a row, over all events.</param>
/// <param name="Rests">Rests since the last success: each is longer.</param>
/// <param name="RestsUntil">Until then only what is due again is tried, one at a time.</param>
internal readonly record struct EndpointHealth(
    int Failures,
    DateTimeOffset? FailingSince,
    DateTimeOffset? FailedAt,
    DateTimeOffset? SucceededAt,
    int Rests,
    DateTimeOffset? RestsUntil
)
{
    /// <summary>So many failures in a row open the circuit: new events wait in the ledger and use up none of their tries.</summary>
    public const int OpensAt = 5;

    /// <summary>Of nothing but failures; then the subscription is switched off.</summary>
    public static readonly TimeSpan OffAfter = TimeSpan.FromDays(5);

    /// <summary>A silence as long as this begins the count anew: an endpoint that was not asked has not failed.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromHours(24);

    private static readonly TimeSpan FirstRest = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestRest = TimeSpan.FromMinutes(5);

    /// <summary>An endpoint that asks for patience gets it for its other events too, up to this.</summary>
    private static readonly TimeSpan LongestPatience = TimeSpan.FromHours(1);

    public bool IsOpen => Failures >= OpensAt;

    public bool IsResting(DateTimeOffset now) => RestsUntil > now;

    public bool ShouldBeOff(DateTimeOffset now) => FailingSince is { } since && now - since >= OffAfter;

    public EndpointHealth Succeeded(DateTimeOffset now) => new(0, null, FailedAt, now, 0, null);

    /// <param name="now">When it failed.</param>
    /// <param name="retryAfter">What it asked for.</param>
    /// <param name="draw">0 to 1.</param>
    public EndpointHealth Failed(DateTimeOffset now, TimeSpan? retryAfter, double draw)
    {
        var goesOn = FailingSince is not null && now - FailedAt < Silence;
        var failures = goesOn ? Failures + 1 : 1;
        var (rests, until) = goesOn ? (Rests, RestsUntil) : (0, null);
        // What was under way when the rest began says nothing new.
        if (failures >= OpensAt && !(until > now))
        {
            var rest = Math.Min(FirstRest.TotalSeconds * Math.Pow(2, Math.Min(rests, 10)), LongestRest.TotalSeconds);
            (rests, until) = (rests + 1, now + TimeSpan.FromSeconds(rest * (0.9 + (0.2 * draw))));
        }

        if (retryAfter is { } asked)
        {
            var patience = now + (asked < LongestPatience ? asked : LongestPatience);
            until = until > patience ? until : patience;
        }

        return new(failures, goesOn ? FailingSince : now, now, SucceededAt, rests, until);
    }
}
