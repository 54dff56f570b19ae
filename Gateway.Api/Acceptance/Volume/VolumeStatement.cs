using System.Text.Json;
using Gateway.Ledger;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Api.Acceptance.Volume;

/// <summary>The hours of many tenants in one round trip and one transaction, and what is told of them.</summary>
internal static class VolumeStatement
{
    public const string Event = "tenant.unusual_volume";

    private const string Add = """
        INSERT INTO usage_hours AS u (tenant_id, hour, recipients, fresh, held)
        SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::bigint[], $4::bigint[], $5::bigint[])
        ON CONFLICT (tenant_id, hour) DO UPDATE
        SET recipients = u.recipients + excluded.recipients, fresh = u.fresh + excluded.fresh,
            held = u.held + excluded.held
        RETURNING tenant_id, hour, fresh
        """;

    // An event about no message: its bucket is its own id, and the audit's row has it too.
    private const string Tell = """
        WITH first AS (
            UPDATE usage_hours h SET told_at = $5
            FROM unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::text[], $6::text[]) AS t (tenant_id, hour, id, key, data)
            WHERE h.tenant_id = t.tenant_id AND h.hour = t.hour AND h.told_at IS NULL
            RETURNING t.tenant_id, t.id, t.key, t.data
        ), event AS (
            INSERT INTO events (tenant_id, bucket, id, type, at, data)
            SELECT tenant_id, id, id, 'tenant.unusual_volume', $5, data::jsonb FROM first
        ), noted AS (
            INSERT INTO audit (audit_id, tenant_id, at, actor, action, target, reason, data)
            SELECT id, tenant_id, $5, 'gateway', 'tenant.unusual_volume', key,
                'a new key sends more than ten times the usual from a new network', data::jsonb FROM first
        )
        SELECT tenant_id FROM first
        """;

    public static NpgsqlBatch Build(NpgsqlConnection connection, UnwrittenVolume[] part, DateTimeOffset now)
    {
        var batch = new NpgsqlBatch(connection);
        var tenants = new NpgsqlBatchCommand("SELECT set_config('gw.tenants', $1, true)");
        tenants.Parameters.Add(
            new NpgsqlParameter<string>
            {
                TypedValue = $"{{{string.Join(',', part.Select(u => u.Tenant).Distinct())}}}",
            }
        );
        batch.BatchCommands.Add(tenants);
        var add = new NpgsqlBatchCommand(Add);
        Parameter(add, NpgsqlDbType.Uuid, Array.ConvertAll(part, u => u.Tenant));
        Parameter(add, NpgsqlDbType.TimestampTz, Array.ConvertAll(part, u => u.Hour.UtcDateTime));
        Parameter(add, NpgsqlDbType.Bigint, Array.ConvertAll(part, u => u.Count.Recipients));
        Parameter(add, NpgsqlDbType.Bigint, Array.ConvertAll(part, u => u.Count.Fresh));
        Parameter(add, NpgsqlDbType.Bigint, Array.ConvertAll(part, u => u.Count.Held));
        batch.BatchCommands.Add(add);
        if (Array.FindAll(part, u => u.Count.Last is not null) is { Length: > 0 } held)
        {
            batch.BatchCommands.Add(TellCommand(held, now));
        }

        return batch;
    }

    private static NpgsqlBatchCommand TellCommand(UnwrittenVolume[] held, DateTimeOffset now)
    {
        var tell = new NpgsqlBatchCommand(Tell);
        Parameter(tell, NpgsqlDbType.Uuid, Array.ConvertAll(held, u => u.Tenant));
        Parameter(tell, NpgsqlDbType.TimestampTz, Array.ConvertAll(held, u => u.Hour.UtcDateTime));
        Parameter(tell, NpgsqlDbType.Uuid, Array.ConvertAll(held, _ => LedgerId.New(now)));
        Parameter(tell, NpgsqlDbType.Text, Array.ConvertAll(held, u => u.Count.Last!.Key));
        tell.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        Parameter(tell, NpgsqlDbType.Text, Array.ConvertAll(held, u => Data(u.Count.Last!)));
        return tell;
    }

    private static string Data(UnusualVolume last) =>
        JsonSerializer.Serialize(
            new
            {
                key = last.Key,
                network = last.Network.ToString(),
                recipients = last.Recipients,
                most = last.Most,
                window_seconds = 3_600,
            }
        );

    private static void Parameter<T>(NpgsqlBatchCommand command, NpgsqlDbType element, T[] values) =>
        command.Parameters.Add(
            new NpgsqlParameter<T[]> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | element }
        );
}
