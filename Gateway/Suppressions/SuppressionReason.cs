namespace Gateway.Suppressions;

/// <summary>Why an address is not written to, as it stands in SQL, JSON and filters; the strongest first.</summary>
public static class SuppressionReason
{
    public const string Complaint = "complaint";
    public const string Unsubscribe = "unsubscribe";
    public const string Manual = "manual";
    public const string HardBounce = "hard_bounce";
    public const string SoftBounce = "soft_bounce";

    public static readonly IReadOnlyList<string> All = [Complaint, Unsubscribe, Manual, HardBounce, SoftBounce];

    /// <summary>The same order as SQL's <c>suppression_rank</c>: a weaker reason never takes the place of a stronger one.</summary>
    public static int Rank(string reason) =>
        reason switch
        {
            Complaint => 5,
            Unsubscribe => 4,
            Manual => 3,
            HardBounce => 2,
            _ => 1,
        };

    /// <summary>A machine's conclusion: it ends by itself, and when mail arrives after all.</summary>
    public static bool IsAutomatic(string reason) => reason is HardBounce or SoftBounce;
}
