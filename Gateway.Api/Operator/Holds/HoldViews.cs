namespace Gateway.Api.Operator.Holds;

/// <param name="Counts">Of all that the filters find, the largest first; at most 1,000 groups.</param>
public sealed record HoldPage(IReadOnlyList<HoldCount> Counts, IReadOnlyList<HoldView> Items, string? Next);

/// <param name="Cause">mass_bounce, operator, ttl_reached, outcome_unknown, adapter_bug, signature, content_gone …</param>
/// <param name="Path">The path that tried them last.</param>
/// <param name="Oldest">Since when the first of them is held.</param>
public sealed record HoldCount(Guid Tenant, string? Cause, string? Path, long Count, DateTimeOffset? Oldest);

public sealed record HoldView(
    Guid Id,
    Guid MessageId,
    Guid Tenant,
    string To,
    string? Cause,
    string? Path,
    int Attempts,
    DateTimeOffset? HeldAt,
    DateTimeOffset CreatedAt
);
