using Gateway.Api.Reading;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Api.Resends;

/// <summary>Jobs and their deliveries, for a tenant (its own) or for the operator (its own, of all tenants).</summary>
internal static class CohortReader
{
    private const string Columns =
        "cohort_id, action, state, asked_by, reason, filter::text, path, rate, total, created_at, finished_at, lift_bounces";

    private const string Find = $"""
        SELECT {Columns} FROM cohorts WHERE cohort_id = $1 AND tenant_id IS NOT DISTINCT FROM $2
        """;

    private const string CountOutcomes = """
        SELECT coalesce(x.outcome, 'waiting'), count(*) FROM cohort_deliveries x
        WHERE x.cohort_id = (SELECT cohort_id FROM cohorts WHERE cohort_id = $1 AND tenant_id IS NOT DISTINCT FROM $2)
        GROUP BY 1
        """;

    private const string Page = $"""
        SELECT {Columns} FROM cohorts
        WHERE tenant_id IS NOT DISTINCT FROM $1 AND cohort_id < $2 ORDER BY cohort_id DESC LIMIT $3
        """;

    private const string Deliveries = """
        SELECT x.delivery_id, x.message_id, x.tenant_id, d.recipient, d.state, d.cause, x.outcome, x.resent_as, r.state
        FROM (SELECT * FROM cohort_deliveries
            WHERE cohort_id = (SELECT cohort_id FROM cohorts WHERE cohort_id = $1 AND tenant_id IS NOT DISTINCT FROM $2)
                AND delivery_id < $3 AND ($4::text IS NULL OR coalesce(outcome, 'waiting') = $4)
            ORDER BY delivery_id DESC LIMIT $5) x
        CROSS JOIN LATERAL (SELECT recipient, state, cause FROM deliveries y
            WHERE y.tenant_id = x.tenant_id AND y.message_id = x.message_id AND y.delivery_id = x.delivery_id LIMIT 1) d
        LEFT JOIN LATERAL (SELECT state FROM deliveries y
            WHERE y.tenant_id = x.tenant_id AND y.message_id = x.message_id AND y.delivery_id = x.resent_as LIMIT 1) r
            ON true
        ORDER BY x.delivery_id DESC
        """;

    private const string Stop = """
        UPDATE cohorts SET state = 'cancelled', finished_at = now()
        WHERE cohort_id = $1 AND tenant_id IS NOT DISTINCT FROM $2 AND state = 'running'
        """;

    public static NpgsqlBatchCommand[] FindCommands(Guid id, Guid? tenant) =>
        [
            new NpgsqlBatchCommand(CountOutcomes).With(id).With(NpgsqlDbType.Uuid, tenant),
            new NpgsqlBatchCommand(Find).With(id).With(NpgsqlDbType.Uuid, tenant),
        ];

    /// <summary>The job of <see cref="FindCommands"/>; null where there is none.</summary>
    public static async Task<CohortView?> ReadAsync(NpgsqlDataReader reader, CancellationToken cancel)
    {
        var outcomes = new Dictionary<string, long>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancel))
        {
            outcomes[reader.GetString(0)] = reader.GetInt64(1);
        }

        await reader.NextResultAsync(cancel);
        return await reader.ReadAsync(cancel) ? View(reader) with { Outcomes = outcomes } : null;
    }

    /// <summary>What waits is left as it is; what was done stays done.</summary>
    public static NpgsqlBatchCommand StopCommand(Guid id, Guid? tenant) =>
        new NpgsqlBatchCommand(Stop).With(id).With(NpgsqlDbType.Uuid, tenant);

    public static NpgsqlBatchCommand PageCommand(Guid? tenant, Guid below, int limit) =>
        new NpgsqlBatchCommand(Page).With(NpgsqlDbType.Uuid, tenant).With(below).With(limit + 1);

    public static async Task<CohortPage> ReadPageAsync(NpgsqlDataReader reader, int limit, CancellationToken cancel)
    {
        var items = new List<CohortView>();
        while (await reader.ReadAsync(cancel))
        {
            if (items.Count == limit)
            {
                return new CohortPage(items, IdCursor.Write(items[^1].Id));
            }

            items.Add(View(reader));
        }

        return new CohortPage(items, null);
    }

    public static NpgsqlBatchCommand DeliveriesCommand(Guid id, Guid? tenant, Guid below, string? outcome, int limit) =>
        new NpgsqlBatchCommand(Deliveries)
            .With(id)
            .With(NpgsqlDbType.Uuid, tenant)
            .With(below)
            .With(NpgsqlDbType.Text, outcome)
            .With(limit + 1);

    public static async Task<CohortDeliveryPage> ReadDeliveriesAsync(
        NpgsqlDataReader r,
        int limit,
        bool byOperator,
        CancellationToken cancel
    )
    {
        var items = new List<CohortDelivery>();
        while (await r.ReadAsync(cancel))
        {
            if (items.Count == limit)
            {
                return new CohortDeliveryPage(items, IdCursor.Write(items[^1].Id));
            }

            items.Add(
                new CohortDelivery(
                    r.GetGuid(0),
                    r.GetGuid(1),
                    byOperator ? r.GetGuid(2) : null,
                    r.GetString(3),
                    r.GetString(4),
                    r.TextOrNull(5),
                    r.TextOrNull(6),
                    r.IdOrNull(7),
                    r.TextOrNull(8)
                )
            );
        }

        return new CohortDeliveryPage(items, null);
    }

    private static CohortView View(NpgsqlDataReader r) =>
        new(
            r.GetGuid(0),
            r.GetString(1),
            r.GetString(2),
            r.GetString(3),
            r.TextOrNull(4),
            r.JsonOrNull(5)!.Value,
            r.TextOrNull(6),
            r.GetDouble(7),
            r.GetInt32(8),
            r.Time(9),
            r.TimeOrNull(10)
        )
        {
            LiftBounces = r.GetBoolean(11),
        };
}
