using Gateway.Ledger;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Worker.Delivery;

/// <summary>
/// Begin for many deliveries: the durable mark that bytes may leave now, the attempt's row, the state and its event;
/// and the second look at the suppressions, which ends a delivery instead (D19).
/// </summary>
internal static class BeginStatement
{
    private const string Sql = """
        WITH input AS (
            SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::text[], $6::bool[], $7::uuid[], $8::uuid[])
                AS i (tenant_id, message_id, delivery_id, fence, path, may_duplicate, event_id, second_event_id)
        ), held AS MATERIALIZED (
            SELECT i.*, d.stream FROM deliveries_due d JOIN input i ON i.delivery_id = d.delivery_id
            WHERE d.fence = i.fence AND d.lease_until > clock_timestamp() AND NOT d.begun
            ORDER BY d.delivery_id FOR UPDATE OF d
        ), checked AS MATERIALIZED (
            SELECT h.*, s.reason AS suppressed
            FROM held h
            CROSS JOIN LATERAL (SELECT recipient_key FROM deliveries x
                WHERE x.tenant_id = h.tenant_id AND x.message_id = h.message_id AND x.delivery_id = h.delivery_id
                LIMIT 1) d
            LEFT JOIN suppressions s ON s.tenant_id = h.tenant_id AND s.address = d.recipient_key AND s.stream = h.stream
                AND (s.expires_at IS NULL OR s.expires_at > now())
        ), marked AS (
            UPDATE deliveries_due d SET begun = true
            FROM checked c WHERE d.delivery_id = c.delivery_id AND c.suppressed IS NULL
        ), gone AS (
            DELETE FROM deliveries_due d USING checked c WHERE d.delivery_id = c.delivery_id AND c.suppressed IS NOT NULL
        ), moved AS (
            UPDATE deliveries d
            SET state = CASE WHEN c.suppressed IS NULL THEN 'sending' ELSE 'suppressed' END,
                cause = c.suppressed,
                path = CASE WHEN c.suppressed IS NULL THEN c.path ELSE d.path END,
                attempts = d.attempts + (c.suppressed IS NULL)::int,
                sequence = d.sequence + 1 + (c.suppressed IS NULL AND c.may_duplicate)::int,
                due_at = NULL, waiting_for = NULL, updated_at = $9,
                ended_at = CASE WHEN c.suppressed IS NULL THEN NULL ELSE $9 END
            FROM checked c
            WHERE d.tenant_id = c.tenant_id AND d.message_id = c.message_id AND d.delivery_id = c.delivery_id
            RETURNING d.tenant_id, d.message_id, d.delivery_id, d.attempts, d.sequence, c.path, c.fence, c.suppressed,
                c.may_duplicate, c.event_id, c.second_event_id
        ), tried AS (
            INSERT INTO attempts (tenant_id, message_id, delivery_id, number, path, fence, begun_at)
            SELECT tenant_id, message_id, delivery_id, attempts, path, fence, $9 FROM moved WHERE suppressed IS NULL
        ), told AS (
            INSERT INTO events (tenant_id, bucket, id, message_id, delivery_id, sequence, type, state, at, data)
            SELECT tenant_id, message_id, event_id, message_id, delivery_id, sequence,
                CASE WHEN suppressed IS NULL THEN 'sending' ELSE 'suppressed' END,
                CASE WHEN suppressed IS NULL THEN 'sending' ELSE 'suppressed' END, $9,
                CASE WHEN suppressed IS NULL THEN jsonb_build_object('attempt', attempts, 'path', path)
                    ELSE jsonb_build_object('reason', suppressed) END
            FROM moved
            UNION ALL
            SELECT tenant_id, message_id, second_event_id, message_id, delivery_id, sequence - 1,
                'possible_duplicate', NULL, $9, jsonb_build_object('attempt', attempts)
            FROM moved WHERE may_duplicate AND suppressed IS NULL
        )
        SELECT delivery_id, attempts, suppressed IS NOT NULL FROM moved
        """;

    public static NpgsqlCommand Build(NpgsqlConnection connection, IReadOnlyList<BeginItem> items, DateTimeOffset now)
    {
        var command = new NpgsqlCommand(Sql, connection);
        var p = new StatementParameters(command.Parameters);
        p.Add(NpgsqlDbType.Uuid, items, i => i.Claim.TenantId);
        p.Add(NpgsqlDbType.Uuid, items, i => i.Claim.MessageId);
        p.Add(NpgsqlDbType.Uuid, items, i => i.Claim.DeliveryId);
        p.Add(NpgsqlDbType.Bigint, items, i => i.Claim.Fence);
        p.Add(NpgsqlDbType.Text, items, i => i.Path);
        p.Add(NpgsqlDbType.Boolean, items, i => i.MayDuplicate);
        p.Add(NpgsqlDbType.Uuid, items, _ => LedgerId.New(now));
        p.Add(NpgsqlDbType.Uuid, items, _ => LedgerId.New(now));
        p.Add(now);
        return command;
    }
}
