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
        SELECT network FROM tenant_networks WHERE tenant_id = @tenant AND first_seen_at < now() - interval '1 day'
            AND last_seen_at > now() - interval '30 days' LIMIT @networks;
        SELECT h.hour, coalesce(max(u.recipients), 0)::bigint AS busiest,
            coalesce(max(u.fresh) FILTER (WHERE u.hour = h.hour), 0)::bigint AS fresh,
            coalesce(max(u.fresh) FILTER (WHERE u.hour = h.hour - interval '1 hour'), 0)::bigint AS fresh_before
        FROM (SELECT date_trunc('hour', now(), 'UTC') AS hour) h
        LEFT JOIN usage_hours u ON u.tenant_id = @tenant AND u.hour > now() - interval '14 days'
        GROUP BY h.hour;
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
                new
                {
                    tenants = $"{{{tenant}}}",
                    tenant,
                    networks = SendingHistory.MostNetworks + 1,
                },
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
        var networks = (await all.ReadAsync<string>()).AsList();
        var hours = await all.ReadSingleAsync<HoursRow>();
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
            History = new(
                Known(networks),
                hours.busiest,
                new DateTimeOffset(hours.hour),
                hours.fresh,
                hours.fresh_before
            ),
        };
    }

    private static FrozenSet<SourceNetwork>? Known(List<string> networks) =>
        networks.Count > SendingHistory.MostNetworks
            ? null
            : networks.Select(SourceNetwork.Parse).OfType<SourceNetwork>().ToFrozenSet();

    // Named as the columns: Dapper fills them by these.
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

    private sealed class HoursRow
    {
        public DateTime hour { get; init; }
        public long busiest { get; init; }
        public long fresh { get; init; }
        public long fresh_before { get; init; }
    }
#pragma warning restore IDE1006, SA1300
}
