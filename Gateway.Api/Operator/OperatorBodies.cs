using Gateway.Tenants;

namespace Gateway.Api.Operator;

// The bodies of actions, for the OpenAPI document: each is read field by field.

/// <param name="Plan">free, standard (the default) or scale, or a plan of yours.</param>
/// <param name="Trust">trial, normal (the default) or trusted.</param>
public sealed record NewTenant(string Name, string? Plan, string? Trust, string Reason);

/// <summary>An absent field stays.</summary>
public sealed record TenantPatch(string? Name, string? Plan, string? Trust, string Reason);

/// <param name="Stream">transactional or broadcast; absent is the whole tenant.</param>
public sealed record StreamAction(string? Stream, string Reason);

/// <summary>Takes the place of all limits that the tenant was given before.</summary>
public sealed record LimitSet(IReadOnlyList<LimitRow> Limits, string Reason);

/// <summary>An absent field stays; <c>month_quota</c> null is without bound.</summary>
/// <param name="MaxTenants">The change is refused if it touches more tenants than this; 100 by default.</param>
public sealed record PlanPatch(
    double? Weight,
    long? MonthQuota,
    IReadOnlyList<LimitRow>? Limits,
    int? MaxTenants,
    string Reason
);

/// <param name="Addresses">1 to 100 addresses.</param>
public sealed record RecipientSet(IReadOnlyList<string> Addresses, string Reason);

public sealed record ReasonOnly(string Reason);
