namespace Gateway.Tenants;

/// <summary>What becomes of a message whose From is of a domain that the tenant has not verified.</summary>
public enum UnverifiedFrom
{
    Refuse,

    /// <summary>It goes out as <c>Name via Tenant &lt;verified address&gt;</c>, the given From in Reply-To.</summary>
    Rewrite,
}

/// <summary>What becomes of a delivery whose fate stays unknown (D11).</summary>
public enum OnUnknown
{
    /// <summary>Sent again over the next path: at least once.</summary>
    Retry,

    /// <summary>Held as <c>outcome_unknown</c> until somebody decides: at most once.</summary>
    Hold,
}

/// <summary>On which mail recipients are offered our link to leave (RFC 8058).</summary>
public enum ListUnsubscribe
{
    Broadcast,
    All,
    None,
}

/// <summary>What a recipient's word (a complaint, leaving) about a broadcast stops.</summary>
public enum SuppressionScope
{
    /// <summary>Broadcasts; about a transactional mail it is about both.</summary>
    Stream,
    All,
}

/// <summary>A tenant's own choices, as they stand in <c>tenants.settings</c>; what is absent there has its default.</summary>
public sealed record TenantSettings
{
    public UnverifiedFrom UnverifiedFrom { get; init; }

    /// <summary>The verified address that a rewritten From shows; needed for <see cref="UnverifiedFrom.Rewrite"/>.</summary>
    public string? RewriteFromAddress { get; init; }

    /// <summary>Read by the workers by this very name.</summary>
    public OnUnknown OnUnknown { get; init; }

    /// <summary>The longest that content is kept after its deliveries ended, and what holds unless the tenant says less.</summary>
    public const int MostContentDays = 30;

    /// <summary>Days that the content of a message is kept after its last delivery ended; read by the upkeep by this very name.</summary>
    public int? ContentDays { get; init; }

    /// <summary>Read by the workers by this very name.</summary>
    public ListUnsubscribe ListUnsubscribe { get; init; }

    /// <summary>Read by the workers by this very name.</summary>
    public SuppressionScope SuppressionScope { get; init; }

    /// <summary>Limits that the tenant sets itself; they only ever narrow what plan and operator allow.</summary>
    public IReadOnlyList<LimitRow> Limits { get; init; } = [];
}
