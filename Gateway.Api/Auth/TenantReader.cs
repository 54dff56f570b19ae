using System.Collections.Frozen;
using System.Text.Json;
using Dapper;
using Gateway.Tenants;
using Npgsql;

namespace Gateway.Api.Auth;

/// <summary>All that the doors hold of one tenant, read in one transaction and one round trip.</summary>
internal static class TenantReader
{
    private const string Read = """
        SELECT set_config('gw.tenants', @tenants, true);
        SELECT t.name, t.plan, t.trust, t.settings::text AS settings, p.month_quota, p.limits::text AS plan_limits,
            CASE WHEN t.state = 'suspended' THEN coalesce(t.suspended_at, t.created_at) END AS suspended_at
        FROM tenants t JOIN plans p USING (plan) WHERE t.tenant_id = @tenant;
        SELECT domain FROM sending_domains WHERE tenant_id = @tenant AND state IN ('verified', 'degraded');
        SELECT stream FROM lanes WHERE tenant_id = @tenant AND NOT active;
        SELECT scope, subject, unit, window_seconds, cap, over FROM limits WHERE tenant_id = @tenant;
        SELECT c.address FROM confirmed_recipients c JOIN tenants t USING (tenant_id)
        WHERE c.tenant_id = @tenant AND t.trust = 'trial' LIMIT 1000;
        """;

    public static async Task<TenantSnapshot> ReadAsync(
        NpgsqlConnection connection,
        Guid tenant,
        CancellationToken cancel
    )
    {
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        using var all = await connection.QueryMultipleAsync(
            new CommandDefinition(
                Read,
                new { tenants = $"{{{tenant}}}", tenant },
                transaction,
                cancellationToken: cancel
            )
        );
        await all.ReadAsync();
        var row = await all.ReadSingleAsync<TenantRow>();
        var domains = await all.ReadAsync<string>();
        var paused = await all.ReadAsync<string>();
        var own = await all.ReadAsync<LimitRow>();
        var confirmed = await all.ReadAsync<string>();
        var settings = JsonSerializer.Deserialize<TenantSettings>(row.settings, StoredJson.Options) ?? new();
        return new TenantSnapshot(tenant, row.name, domains.ToFrozenSet(StringComparer.Ordinal))
        {
            SuspendedAt = row.suspended_at,
            PausedStreams = paused.ToFrozenSet(StringComparer.Ordinal),
            Plan = row.plan,
            Trust = row.trust,
            MonthQuota = row.month_quota,
            Limits = LimitRow.Merge(row.trust, LimitRow.Parse(row.plan_limits), own, settings.Limits),
            Settings = settings,
            ConfirmedRecipients = confirmed.ToFrozenSet(StringComparer.Ordinal),
        };
    }

    // Named as the columns: Dapper fills it by them.
#pragma warning disable IDE1006, SA1300
    private sealed class TenantRow
    {
        public string name { get; init; } = "";
        public string plan { get; init; } = "";
        public string trust { get; init; } = "";
        public string settings { get; init; } = "{}";
        public long? month_quota { get; init; }
        public string plan_limits { get; init; } = "[]";
        public DateTime? suspended_at { get; init; }
    }
#pragma warning restore IDE1006, SA1300
}
