using System.Text.Json;
using System.Text.Json.Serialization;
using Gateway.Api.Manage;
using Gateway.Api.Operator.Drills;
using Gateway.Api.Resends;
using Gateway.Tenants;

namespace Gateway.Api.Operator;

/// <summary>What an action changed, or would.</summary>
/// <param name="DryRun">Nothing was changed.</param>
/// <param name="Changes">Empty where all was as wished already.</param>
public sealed record ActionView(bool DryRun, string Action, string Target, IReadOnlyList<ChangeView> Changes)
{
    /// <summary>The tenant as it is (or would be) afterwards.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TenantView? Tenant { get; init; }

    /// <summary>A new key with its text, shown this once; after a dry run without.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public KeyView? Key { get; init; }

    /// <summary>After a dry run over many deliveries: what the job would do, by tenant, state and cause.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public CohortPreview? Preview { get; init; }

    /// <summary>The job that was made; <c>GET /ops/v1/resends/{id}</c> tells how far it is.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public CohortView? Job { get; init; }

    /// <summary>What a drill begins with.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DrillPlan? Drill { get; init; }
}

public sealed record ChangeView(string Field, string? Before, string? After);

public sealed record TenantView(
    Guid Id,
    string Name,
    string Plan,
    string Trust,
    string State,
    DateTimeOffset? SuspendedAt,
    string? SuspendedReason,
    DateTimeOffset CreatedAt
);

public sealed record TenantPage(IReadOnlyList<TenantView> Items, string? Next);

/// <param name="Lanes">Streams with what waits in them and who paused them.</param>
/// <param name="Usage">Today's, UTC.</param>
public sealed record TenantDetail(
    TenantView Tenant,
    UsageItem Usage,
    long? MonthQuota,
    IReadOnlyList<LaneView> Lanes,
    IReadOnlyList<LimitRow> Limits,
    IReadOnlyList<DomainView> Domains,
    int LiveKeys
);

/// <param name="Waiting">Deliveries in the queue, counted up to 10,000.</param>
/// <param name="PausedBy"><c>operator</c>, <c>suspension</c> or <c>gateway</c> (its own bounces and complaints).</param>
/// <param name="Outcomes">Of the last 24 hours, with the hard bounces and complaints among them.</param>
public sealed record LaneView(
    string Stream,
    bool Active,
    DateTimeOffset? PausedAt,
    string? PausedBy,
    string? PausedReason,
    long Waiting,
    long Outcomes,
    long HardBounces,
    long Complaints
);

public sealed record DomainView(string Domain, string State, DateTimeOffset? VerifiedAt);

public sealed record LimitPage(IReadOnlyList<LimitRow> Items, string? Next);

public sealed record PlanView(
    string Plan,
    double Weight,
    long? MonthQuota,
    IReadOnlyList<LimitRow> Limits,
    long Tenants
);

public sealed record PlanPage(IReadOnlyList<PlanView> Items, string? Next);

public sealed record RecipientView(string Address, DateTimeOffset ConfirmedAt);

public sealed record RecipientPage(IReadOnlyList<RecipientView> Items, string? Next);

/// <param name="Tenant">Null for the platform's own affairs.</param>
/// <param name="Actor"><c>operator</c>, <c>key:ID</c> or <c>gateway</c>.</param>
public sealed record AuditView(
    Guid Id,
    DateTimeOffset At,
    Guid? Tenant,
    string Actor,
    string Action,
    string Target,
    string? Reason,
    JsonElement? Data
);

public sealed record AuditPage(IReadOnlyList<AuditView> Items, string? Next);
