namespace Gateway.Worker.Trust;

/// <summary>What a lane's mail came to in a window.</summary>
/// <param name="Outcomes">Deliveries that a path took or that a receiver refused for good.</param>
public readonly record struct LaneOutcomes(long Outcomes, long HardBounces, long Complaints);

public enum TrustVerdict
{
    Fine,
    Warn,
    Pause,
}

/// <param name="Cause"><c>hard_bounces</c> or <c>complaints</c>; null where all is well.</param>
public readonly record struct TrustJudgement(TrustVerdict Verdict, string? Cause);

/// <summary>
/// Whether a lane may go on (D24): pure. One tenant that writes to people who are not there, or who do not want it, harms
/// the account that all share.
/// </summary>
public static class LaneTrust
{
    /// <summary>Fewer say nothing: one wrong address in three is no list.</summary>
    public const long LeastOutcomes = 200;

    public const double PauseBounces = 0.10;
    public const double PauseComplaints = 0.005;
    public const double WarnBounces = 0.04;
    public const double WarnComplaints = 0.0008;

    /// <summary>Outcomes older than this are forgotten.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromHours(24);

    public static TrustJudgement Judge(LaneOutcomes lane)
    {
        if (lane.Outcomes < LeastOutcomes)
        {
            return new(TrustVerdict.Fine, null);
        }

        var bounces = (double)lane.HardBounces / lane.Outcomes;
        var complaints = (double)lane.Complaints / lane.Outcomes;
        return complaints >= PauseComplaints ? new(TrustVerdict.Pause, "complaints")
            : bounces >= PauseBounces ? new(TrustVerdict.Pause, "hard_bounces")
            : complaints >= WarnComplaints ? new(TrustVerdict.Warn, "complaints")
            : bounces >= WarnBounces ? new(TrustVerdict.Warn, "hard_bounces")
            : new(TrustVerdict.Fine, null);
    }
}
