namespace Gateway.Domains;

/// <summary>How sure we are that a domain is the tenant's. Mail may show it while it is verified or degraded.</summary>
public enum DomainState
{
    /// <summary>Claimed; the proof was not seen yet.</summary>
    Pending,
    Verified,

    /// <summary>The proof is gone; the tenant is warned and has a day to bring it back.</summary>
    Degraded,

    /// <summary>Not proven in time. A new proof is needed: the old text proves nothing any more.</summary>
    Failed,

    /// <summary>Given up by the tenant. The row stays, so that nothing of it is ever given to another.</summary>
    Removed,
}

/// <summary>What one look at DNS found.</summary>
public enum DomainFinding
{
    Proven,

    /// <summary>The zone was heard, and the record is not there.</summary>
    Missing,

    /// <summary>Nobody could say. An outage of DNS is no evidence against a tenant.</summary>
    Unknown,

    /// <summary>Proven, but another tenant owns the domain, or the owner of its parent did not agree.</summary>
    NotGranted,
}

/// <summary>The words for states in the database and in JSON.</summary>
public static class DomainStates
{
    public static string Word(this DomainState state) =>
        state switch
        {
            DomainState.Pending => "pending",
            DomainState.Verified => "verified",
            DomainState.Degraded => "degraded",
            DomainState.Failed => "failed",
            _ => "removed",
        };

    public static DomainState Parse(string word) =>
        word switch
        {
            "pending" => DomainState.Pending,
            "verified" => DomainState.Verified,
            "degraded" => DomainState.Degraded,
            "failed" => DomainState.Failed,
            "removed" => DomainState.Removed,
            _ => throw new InvalidOperationException($"a domain is stored with the state '{word}'"),
        };

    /// <summary>True while mail may show the domain, and nobody else may claim it.</summary>
    public static bool Owns(this DomainState state) => state is DomainState.Verified or DomainState.Degraded;
}
