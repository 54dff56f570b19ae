namespace Gateway.Domains;

/// <summary>Where a claim stands.</summary>
/// <param name="Failures">Checks in a row that found no proof.</param>
/// <param name="DegradedSince">Set while degraded.</param>
/// <param name="ClaimedAt">When the present challenge was drawn.</param>
public sealed record DomainStanding(
    DomainState State,
    int Failures,
    DateTimeOffset? DegradedSince,
    DateTimeOffset ClaimedAt
);

/// <summary>What a finding makes of a claim.</summary>
/// <param name="NextCheck">When to look again by ourselves; null: when the tenant asks.</param>
/// <param name="Event">The type of the event, where the state changed.</param>
/// <param name="NewChallenge">The old text proves nothing any more.</param>
public sealed record DomainStep(
    DomainStanding Standing,
    DateTimeOffset? NextCheck,
    string? Event = null,
    bool NewChallenge = false
);

/// <summary><c>pending → verified → degraded (24 h) → failed</c>, and back with a proof.</summary>
public static class DomainLife
{
    /// <summary>A proof is looked at this often.</summary>
    public static readonly TimeSpan Recheck = TimeSpan.FromHours(24);

    /// <summary>From the warning to the end of sending.</summary>
    public static readonly TimeSpan Warning = TimeSpan.FromHours(24);

    /// <summary>So many looks must have found nothing: one may have met a zone in the middle of a change.</summary>
    public const int FailuresToFail = 3;

    /// <summary>A claim that nobody proves is given up.</summary>
    public static readonly TimeSpan ClaimLapses = TimeSpan.FromDays(30);

    private static readonly TimeSpan WhileDegraded = TimeSpan.FromHours(6);
    private static readonly TimeSpan AfterUnknown = TimeSpan.FromMinutes(15);

    public static DomainStep After(DomainStanding standing, DomainFinding finding, DateTimeOffset now) =>
        (standing.State, finding) switch
        {
            (DomainState.Removed, _) => new DomainStep(standing, NextCheck: null),
            // Who owns already was granted it then; it is not asked again.
            (DomainState.Verified, DomainFinding.Proven or DomainFinding.NotGranted) => Proven(standing, now, null),
            (DomainState.Degraded, DomainFinding.Proven or DomainFinding.NotGranted) => Proven(
                standing,
                now,
                "domain.restored"
            ),
            (_, DomainFinding.Proven) => Proven(standing, now, "domain.verified"),
            (DomainState.Verified or DomainState.Degraded, DomainFinding.Unknown) => new DomainStep(
                standing,
                now + AfterUnknown
            ),
            (DomainState.Verified, _) => new DomainStep(
                standing with
                {
                    State = DomainState.Degraded,
                    Failures = 1,
                    DegradedSince = now,
                },
                now + WhileDegraded,
                "domain.degraded"
            ),
            (DomainState.Degraded, _) => Missed(standing, now),
            (DomainState.Pending, _) when now - standing.ClaimedAt >= ClaimLapses => Failed(standing, now),
            (DomainState.Pending, _) => new DomainStep(standing, now + PendingInterval(now - standing.ClaimedAt)),
            _ => new DomainStep(standing, NextCheck: null),
        };

    private static DomainStep Proven(DomainStanding standing, DateTimeOffset now, string? told) =>
        new(standing with { State = DomainState.Verified, Failures = 0, DegradedSince = null }, now + Recheck, told);

    private static DomainStep Missed(DomainStanding standing, DateTimeOffset now)
    {
        var missed = standing with { Failures = standing.Failures + 1 };
        var end = (standing.DegradedSince ?? now) + Warning;
        if (now >= end && missed.Failures >= FailuresToFail)
        {
            return Failed(missed, now);
        }

        var next = now + WhileDegraded;
        return new DomainStep(missed, now < end && end < next ? end : next);
    }

    private static DomainStep Failed(DomainStanding standing, DateTimeOffset now) =>
        new(
            standing with
            {
                State = DomainState.Failed,
                DegradedSince = null,
                ClaimedAt = now,
            },
            NextCheck: null,
            "domain.failed",
            NewChallenge: true
        );

    /// <summary>Who has just claimed waits at the screen; who claimed last week does not.</summary>
    private static TimeSpan PendingInterval(TimeSpan age) =>
        age < TimeSpan.FromHours(1) ? TimeSpan.FromMinutes(5)
        : age < TimeSpan.FromDays(1) ? TimeSpan.FromMinutes(30)
        : TimeSpan.FromHours(6);
}
