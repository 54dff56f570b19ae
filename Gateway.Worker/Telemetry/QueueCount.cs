using Gateway.Database;
using Npgsql;

namespace Gateway.Worker.Telemetry;

/// <summary>Counts the queue in one statement: one pass over its small table, whatever is asked of it.</summary>
public sealed class QueueCount([FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger)
{
    // Grouped once by lane, then summed from there; only what was begun or is unknown is looked up in the ledger.
    private const string Sql = """
        WITH lane AS MATERIALIZED (
            SELECT tenant_id, stream, waiting, count(*) AS depth,
                min(due_at) FILTER (WHERE waiting = 'worker') AS oldest
            FROM (SELECT tenant_id, stream, due_at, CASE
                    WHEN begun THEN 'sending'
                    WHEN due_at <= now() THEN 'worker'
                    ELSE coalesce(waiting_for, 'time') END AS waiting
                FROM deliveries_due) d
            GROUP BY tenant_id, stream, waiting
        ), tenant AS (
            SELECT tenant_id, sum(depth) FILTER (WHERE waiting = 'release') AS held, min(oldest) AS oldest
            FROM lane GROUP BY tenant_id ORDER BY sum(depth) DESC, tenant_id LIMIT $1
        ), unresolved AS (
            SELECT d.path, min(d.updated_at) AS since
            FROM (SELECT * FROM deliveries_due WHERE begun OR waiting_for = 'reconciliation' LIMIT 10000) q
            CROSS JOIN LATERAL (SELECT path, updated_at FROM deliveries x
                WHERE x.tenant_id = q.tenant_id AND x.message_id = q.message_id AND x.delivery_id = q.delivery_id
                    AND x.path IS NOT NULL AND x.state IN ('sending', 'unknown') LIMIT 1) d
            GROUP BY d.path
        )
        SELECT 'depth', stream, waiting, NULL::uuid, sum(depth)::bigint, NULL::float8 FROM lane GROUP BY stream, waiting
        UNION ALL
        SELECT 'oldest', stream, NULL, NULL, NULL, coalesce(extract(epoch FROM now() - min(oldest))::float8, 0) FROM lane GROUP BY stream
        UNION ALL
        SELECT 'tenant', NULL, NULL, tenant_id, coalesce(held, 0)::bigint, coalesce(extract(epoch FROM now() - oldest)::float8, 0) FROM tenant
        UNION ALL
        SELECT 'unresolved', path, NULL, NULL, NULL, greatest(0, extract(epoch FROM now() - since))::float8 FROM unresolved
        """;

    public async Task<QueueFigures> ReadAsync(CancellationToken cancel)
    {
        var depths = new List<(string, string, long)>();
        var oldest = new List<(string, double)>();
        var tenants = new List<(Guid, long, double)>();
        var unresolved = new List<(string, double)>();
        await using var command = ledger.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = GatewayTelemetry.TenantsShown });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            switch (reader.GetString(0))
            {
                case "depth":
                    depths.Add((reader.GetString(1), reader.GetString(2), reader.GetInt64(4)));
                    break;
                case "oldest":
                    oldest.Add((reader.GetString(1), reader.GetDouble(5)));
                    break;
                case "tenant":
                    tenants.Add((reader.GetGuid(3), reader.GetInt64(4), reader.GetDouble(5)));
                    break;
                default:
                    unresolved.Add((reader.GetString(1), reader.GetDouble(5)));
                    break;
            }
        }

        return new QueueFigures
        {
            Depths = depths,
            Oldest = oldest,
            Tenants = tenants,
            Unresolved = unresolved,
        };
    }
}
