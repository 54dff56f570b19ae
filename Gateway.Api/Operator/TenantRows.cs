using Dapper;
using Gateway.Api.Problems;
using Npgsql;

namespace Gateway.Api.Operator;

// Named as the columns: Dapper fills it by them.
#pragma warning disable IDE1006, SA1300

/// <summary>A tenant's row.</summary>
internal sealed class TenantRow
{
    public const string Columns = "tenant_id, name, plan, trust, state, suspended_at, suspended_reason, created_at";

    public Guid tenant_id { get; init; }
    public string name { get; init; } = "";
    public string plan { get; init; } = "";
    public string trust { get; init; } = "";
    public string state { get; init; } = "";
    public DateTime? suspended_at { get; init; }
    public string? suspended_reason { get; init; }
    public DateTime created_at { get; init; }

    public bool IsSuspended => state == "suspended";

    public TenantView View =>
        new(tenant_id, name, plan, trust, state, RowTime.Of(suspended_at), suspended_reason, RowTime.Of(created_at));

    /// <summary>The tenant, locked against other changes of it; null where there is none.</summary>
    public static Task<TenantRow?> LockAsync(NpgsqlConnection connection, Guid tenant) =>
        connection.QuerySingleOrDefaultAsync<TenantRow?>(
            $"SELECT {Columns} FROM tenants WHERE tenant_id = @tenant FOR NO KEY UPDATE",
            new { tenant }
        );

    public static Task<TenantRow?> FindAsync(NpgsqlConnection connection, Guid tenant) =>
        connection.QuerySingleOrDefaultAsync<TenantRow?>(
            $"SELECT {Columns} FROM tenants WHERE tenant_id = @tenant",
            new { tenant }
        );

    public static ApiProblem NotFound() => ApiProblem.NotFound("tenant");
}
#pragma warning restore IDE1006, SA1300

/// <summary>Dapper reads a timestamptz as a UTC DateTime.</summary>
internal static class RowTime
{
    public static DateTimeOffset Of(DateTime utc) => new(utc, TimeSpan.Zero);

    public static DateTimeOffset? Of(DateTime? utc) => utc is { } time ? Of(time) : null;
}
