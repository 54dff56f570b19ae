using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gateway.Api.Resends;

/// <summary>A job over many deliveries, and how far it is.</summary>
/// <param name="Action">resend, release, cancel or hold.</param>
/// <param name="State">running, done or cancelled.</param>
/// <param name="Filter">As it was asked.</param>
/// <param name="Over">The path that carries what is sent; null leaves it to the rules.</param>
/// <param name="Rate">Deliveries a second.</param>
/// <param name="Total">Deliveries chosen when the job was made.</param>
public sealed record CohortView(
    Guid Id,
    string Action,
    string State,
    string AskedBy,
    string? Reason,
    JsonElement Filter,
    string? Over,
    double Rate,
    int Total,
    DateTimeOffset CreatedAt,
    DateTimeOffset? FinishedAt
)
{
    /// <summary>Suppressions by bounces do not count, and end.</summary>
    public bool LiftBounces { get; init; }

    /// <summary>
    /// Deliveries by what became of them: waiting, resent, released, cancelled, held, or why they were left as they are.
    /// Absent in lists.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, long>? Outcomes { get; init; }
}

public sealed record CohortPage(IReadOnlyList<CohortView> Items, string? Next);

/// <summary>What a job would do; nothing was changed.</summary>
/// <param name="Matched">Deliveries that the filter finds.</param>
/// <param name="WouldAct">Those that would be acted on; the others are left with a reason.</param>
/// <param name="Groups">The largest first; at most 1,000 of them.</param>
public sealed record CohortPreview(bool DryRun, long Matched, long WouldAct, IReadOnlyList<CohortGroup> Groups);

/// <param name="Tenant">In the operator's answers only.</param>
/// <param name="Skipped">Why they would be left as they are: suppressed, already_resent, content_gone …; null: they would not.</param>
public sealed record CohortGroup(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Guid? Tenant,
    string State,
    string? Cause,
    string? Skipped,
    long Count
);

/// <summary>One delivery of a job.</summary>
/// <param name="Outcome">Null while it waits for its turn.</param>
public sealed record CohortDelivery(
    Guid Id,
    Guid MessageId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Guid? Tenant,
    string To,
    string State,
    string? Cause,
    string? Outcome,
    Guid? ResentAs,
    string? ResentState
);

public sealed record CohortDeliveryPage(IReadOnlyList<CohortDelivery> Items, string? Next);

/// <summary>The body of <c>POST /v1/resends</c>.</summary>
/// <param name="State">bounced, held, expired, cancelled (by the end of a hold) or sent; or several as <c>states</c>.</param>
/// <param name="Path">The path that they failed on, or that sat on them.</param>
/// <param name="Recipients">At most 100.</param>
/// <param name="Since">When the message was accepted; with the state sent, path and since are needed.</param>
/// <param name="Rate">Deliveries a second, 0.1 to 1000; 50 by default.</param>
/// <param name="Max">Refused where more match; 10,000 by default, 100,000 at most.</param>
/// <param name="LiftBounces">Suppressions of these recipients by bounces do not count, and end: it was not their fault.</param>
/// <param name="DryRun">Answers what would happen, and changes nothing.</param>
public sealed record ResendRequest(
    string? State,
    IReadOnlyList<string>? States,
    string? Path,
    string? Cause,
    string? Tag,
    string? Stream,
    IReadOnlyList<string>? Recipients,
    DateTimeOffset? Since,
    DateTimeOffset? Until,
    double? Rate,
    int? Max,
    bool? LiftBounces,
    string? Reason,
    bool? DryRun
);
