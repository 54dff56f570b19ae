namespace Gateway.Api.Manage;

/// <summary>An API key as it may be seen again and again: never its text.</summary>
/// <param name="Id">The part of the text that names the key: <c>gw_live_<i>E</i>ID_…</c>.</param>
/// <param name="State"><c>active</c>, <c>expired</c> or <c>revoked</c>.</param>
/// <param name="Domains">Sending domains that the key is narrowed to; empty is all of the tenant's.</param>
/// <param name="LastUsedAt">Within about a minute; null where it was never used.</param>
/// <param name="Replaces">The key that this one took the place of.</param>
public sealed record KeyView(
    string Id,
    string Name,
    string State,
    string Mode,
    IReadOnlyList<string> Scopes,
    IReadOnlyList<string> Domains,
    DateTimeOffset CreatedAt,
    DateTimeOffset? ExpiresAt,
    DateTimeOffset? RevokedAt,
    DateTimeOffset? LastUsedAt,
    string? Replaces
)
{
    /// <summary>The key itself: shown in the answer that made it, and never again.</summary>
    [System.Text.Json.Serialization.JsonIgnore(
        Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull
    )]
    public string? Key { get; init; }
}

/// <summary>Newest first; <c>next</c> is null on the last page.</summary>
public sealed record KeyPage(IReadOnlyList<KeyView> Items, string? Next);

/// <summary>What is said of a new key.</summary>
/// <param name="Name">For people; 1 to 100 characters.</param>
/// <param name="Mode"><c>live</c> (the default), or <c>test</c>: its mail goes to the sandbox whatever the route says.</param>
/// <param name="Scopes">Some of send, read, manage; no more than the calling key has.</param>
/// <param name="Domains">Verified domains of yours that it may send from; empty or absent is all of them.</param>
/// <param name="ExpiresAt">Absent is never.</param>
public sealed record KeyRequest(
    string Name,
    string Mode,
    IReadOnlyList<string> Scopes,
    IReadOnlyList<string> Domains,
    DateTimeOffset? ExpiresAt
);

/// <param name="ExpiresAt">Until when the older key works beside the new one: 24 hours from now by default, at most 90 days.</param>
public sealed record RotateRequest(DateTimeOffset? ExpiresAt);
