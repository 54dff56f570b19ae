namespace Gateway.Domains;

/// <summary>What one look at a key's record found.</summary>
public enum DkimFinding
{
    /// <summary>The published record verifies what the key signs.</summary>
    Matches,

    /// <summary>There is none, or it holds another key, or it is revoked.</summary>
    Differs,

    /// <summary>Nobody could say.</summary>
    Unknown,
}

/// <summary>What a finding makes of a key.</summary>
/// <param name="RetiresOthers">The key takes the place of the domain's others of its algorithm.</param>
public sealed record DkimStep(
    string State,
    DateTimeOffset? NextCheck,
    string? Event = null,
    bool RetiresOthers = false
);

/// <summary>
/// <c>pending → active ⇄ stopped → retired</c>: a key signs only while its record was seen to match (D14), and is
/// looked at hourly.
/// </summary>
public static class DkimLife
{
    public const string Pending = "pending";
    public const string Active = "active";
    public const string Stopped = "stopped";
    public const string Retired = "retired";

    public static readonly TimeSpan Recheck = TimeSpan.FromHours(1);

    /// <summary>Mail lies in queues for days, and its signature is read when it arrives.</summary>
    public static readonly TimeSpan StaysPublished = TimeSpan.FromDays(7);

    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(10);

    public static DkimStep After(string state, DkimFinding finding, DateTimeOffset now) =>
        (state, finding) switch
        {
            (Active, DkimFinding.Matches) => new(Active, now + Recheck),
            (Pending or Stopped, DkimFinding.Matches) => new(
                Active,
                now + Recheck,
                "domain.dkim_active",
                RetiresOthers: true
            ),
            (Active, DkimFinding.Differs) => new(Stopped, now + Soon, "domain.dkim_stopped"),
            (Pending or Active or Stopped, _) => new(state, now + Soon),
            _ => new(Retired, NextCheck: null),
        };
}
