using Dapper;
using Gateway.Api.Manage;
using Gateway.Api.Reading;
using Gateway.Ledger;
using Npgsql;
using static Gateway.Api.Operator.OperatorRoutes;

namespace Gateway.Api.Operator;

/// <summary>Tenants as the operator sees them.</summary>
internal static class TenantQueries
{
    private const string Page = $"""
        SELECT {TenantRow.Columns} FROM tenants
        WHERE tenant_id < @below AND (@state IS NULL OR state = @state) AND (@trust IS NULL OR trust = @trust)
            AND (@plan IS NULL OR plan = @plan) AND (@name IS NULL OR position(lower(@name) IN lower(name)) > 0)
        ORDER BY tenant_id DESC LIMIT @limit
        """;

    // The count of a lane stops at what people can take in: a queue of millions is not walked for it.
    private const string Lanes = """
        SELECT s.stream, coalesce(l.active, true) AS active, l.paused_at, l.paused_by, l.paused_reason,
            (SELECT count(*) FROM (SELECT FROM deliveries_due d
                WHERE d.tenant_id = @tenant AND d.stream = s.stream LIMIT 10000) d) AS waiting,
            coalesce(o.outcomes, 0)::bigint AS outcomes,
            coalesce(o.hard_bounces, 0)::bigint AS hard_bounces, coalesce(o.complaints, 0)::bigint AS complaints
        FROM unnest(ARRAY['transactional', 'broadcast']) AS s (stream)
        LEFT JOIN lanes l ON l.tenant_id = @tenant AND l.stream = s.stream
        LEFT JOIN LATERAL (SELECT sum(outcomes) AS outcomes, sum(hard_bounces) AS hard_bounces,
                sum(complaints) AS complaints FROM lane_outcomes x
            WHERE x.tenant_id = @tenant AND x.stream = s.stream AND x.hour > now() - interval '24 hours') o ON true
        """;

    private const string Usage = """
        SELECT NULL AS state, count(*) FROM messages
        WHERE tenant_id = @tenant AND message_id >= @first AND message_id < @below
        UNION ALL
        SELECT state, count(*) FROM deliveries
        WHERE tenant_id = @tenant AND message_id >= @first AND message_id < @below GROUP BY state
        """;

    public static async Task<IResult> ListAsync(HttpContext http, OperatorLedger ledger)
    {
        var query = new QueryFields(http.Request.Query);
        var (below, limit) = (IdCursor.Read(query), query.Limit());
        var filter = new
        {
            below,
            limit = limit + 1,
            state = query.OneOf("state", ["active", "suspended"]),
            trust = query.OneOf("trust", ["trial", "normal", "trusted"]),
            plan = query.Text("plan"),
            name = query.Text("name"),
        };
        if (query.Problem() is { } problem)
        {
            return problem.ToResult();
        }

        var rows = await ledger.ReadAsync(
            async connection => (await connection.QueryAsync<TenantRow>(Page, filter)).AsList(),
            http.RequestAborted
        );
        var items = rows.Take(limit).Select(r => r.View).ToList();
        return Results.Json(
            new TenantPage(items, rows.Count > limit ? IdCursor.Write(items[^1].Id) : null),
            OperatorJson.Readable.TenantPage
        );
    }

    public static Task<IResult> GetAsync(string id, HttpContext http, OperatorLedger ledger, TimeProvider clock) =>
        OfTenantAsync(
            id,
            async tenant =>
                await ledger.ReadAsync(
                    async connection =>
                        await TenantRow.FindAsync(connection, tenant) is { } row
                            ? Results.Json(
                                await DetailAsync(
                                    connection,
                                    row,
                                    DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime)
                                ),
                                OperatorJson.Readable.TenantDetail
                            )
                            : TenantRow.NotFound().ToResult(),
                    http.RequestAborted
                )
        );

    private static async Task<TenantDetail> DetailAsync(NpgsqlConnection connection, TenantRow row, DateOnly today)
    {
        var tenant = row.tenant_id;
        var lanes = await connection.QueryAsync<LaneRow>(Lanes, new { tenant });
        var domains = await connection.QueryAsync<(string Domain, string State, DateTime? VerifiedAt)>(
            "SELECT domain, state, verified_at FROM sending_domains WHERE tenant_id = @tenant ORDER BY domain LIMIT 1000",
            new { tenant }
        );
        var keys = await connection.ExecuteScalarAsync<int>(
            """
            SELECT count(*) FROM api_keys
            WHERE tenant_id = @tenant AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
            """,
            new { tenant }
        );
        return new TenantDetail(
            row.View,
            await UsageAsync(connection, tenant, today),
            await connection.ExecuteScalarAsync<long?>(
                "SELECT month_quota FROM plans WHERE plan = @plan",
                new { row.plan }
            ),
            [.. lanes.Select(l => l.View)],
            await LimitActions.ReadAsync(connection, tenant),
            [.. domains.Select(d => new DomainView(d.Domain, d.State, RowTime.Of(d.VerifiedAt)))],
            keys
        );
    }

    private static async Task<UsageItem> UsageAsync(NpgsqlConnection connection, Guid tenant, DateOnly today)
    {
        var counts = await connection.QueryAsync<(string? State, long Count)>(
            Usage,
            new
            {
                tenant,
                first = LedgerId.DayStart(today),
                below = LedgerId.DayStart(today.AddDays(1)),
            }
        );
        var states = new SortedDictionary<string, long>(StringComparer.Ordinal);
        var messages = 0L;
        foreach (var (state, count) in counts)
        {
            if (state is null)
            {
                messages = count;
            }
            else
            {
                states[state] = count;
            }
        }

        return new UsageItem(new UsagePeriod(today, today).Name(isMonth: false), messages, states.Values.Sum(), states);
    }

    // Named as the columns: Dapper fills it by them.
#pragma warning disable IDE1006, SA1300
    private sealed class LaneRow
    {
        public string stream { get; init; } = "";
        public bool active { get; init; }
        public DateTime? paused_at { get; init; }
        public string? paused_by { get; init; }
        public string? paused_reason { get; init; }
        public long waiting { get; init; }
        public long outcomes { get; init; }
        public long hard_bounces { get; init; }
        public long complaints { get; init; }

        public LaneView View =>
            new(
                stream,
                active,
                RowTime.Of(paused_at),
                paused_by,
                paused_reason,
                waiting,
                outcomes,
                hard_bounces,
                complaints
            );
    }
#pragma warning restore IDE1006, SA1300
}
