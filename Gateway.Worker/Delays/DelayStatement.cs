using Npgsql;

namespace Gateway.Worker.Delays;

/// <summary>Finds transactional deliveries that crossed the next mark of lateness, and tells their tenants, in one statement.</summary>
internal static class DelayStatement
{
    public static readonly TimeSpan First = TimeSpan.FromMinutes(5);
    public static readonly TimeSpan Second = TimeSpan.FromMinutes(30);
    public static readonly TimeSpan Third = TimeSpan.FromHours(4);

    /// <summary>Deliveries of one call: few enough that the statement is short however many are late.</summary>
    public const int AtOnce = 2_000;

    // The transactional lanes alone, one by one through their index: a campaign that waits costs nothing here. What an
    // operator or a rule holds is announced as such; what has a time of its own (send_at) is not late before that; and
    // an id is a time, so that only what is old enough is looked up.
    private const string Sql = """
        WITH RECURSIVE lane AS (
            (SELECT tenant_id, stream FROM deliveries_due ORDER BY tenant_id, stream LIMIT 1)
            UNION ALL
            SELECT n.tenant_id, n.stream FROM lane l, LATERAL (
                SELECT d.tenant_id, d.stream FROM deliveries_due d WHERE (d.tenant_id, d.stream) > (l.tenant_id, l.stream)
                ORDER BY d.tenant_id, d.stream LIMIT 1) n
        ), late AS MATERIALIZED (
            SELECT q.delivery_id, q.tenant_id, q.message_id, q.alarms, q.waiting_for
            FROM lane l CROSS JOIN LATERAL (
                SELECT * FROM deliveries_due d
                WHERE d.tenant_id = l.tenant_id AND d.stream = 'transactional'
                    AND d.delivery_id < CASE d.alarms WHEN 0 THEN $1::uuid WHEN 1 THEN $2::uuid ELSE $3::uuid END AND d.alarms < 3
                    AND d.waiting_for IS DISTINCT FROM 'release' AND d.lease_until IS NULL
                    AND (d.due_at <= now() OR d.waiting_for IS NOT NULL)
                LIMIT $4) q
            WHERE l.stream = 'transactional'
        ), aged AS MATERIALIZED (
            SELECT l.*, x.path, extract(epoch FROM $5 - x.since)::float8 AS age
            FROM late l CROSS JOIN LATERAL (
                SELECT d.path, greatest(d.created_at, m.send_at) AS since FROM deliveries d, messages m
                WHERE d.tenant_id = l.tenant_id AND d.message_id = l.message_id AND d.delivery_id = l.delivery_id
                    AND m.tenant_id = l.tenant_id AND m.message_id = l.message_id LIMIT 1) x
        ), crossed AS MATERIALIZED (
            SELECT a.*, CASE WHEN age >= $8 THEN 3 WHEN age >= $7 THEN 2 ELSE 1 END::smallint AS mark
            FROM aged a WHERE age >= CASE alarms WHEN 0 THEN $6 WHEN 1 THEN $7 ELSE $8 END
        ), held AS MATERIALIZED (
            SELECT c.* FROM crossed c JOIN deliveries_due d USING (delivery_id)
            WHERE d.alarms < c.mark AND d.lease_until IS NULL
            ORDER BY d.delivery_id LIMIT $4 FOR UPDATE OF d SKIP LOCKED
        ), marked AS (
            UPDATE deliveries_due d SET alarms = h.mark FROM held h WHERE d.delivery_id = h.delivery_id
        ), moved AS (
            UPDATE deliveries d SET sequence = d.sequence + 1 FROM held h
            WHERE d.tenant_id = h.tenant_id AND d.message_id = h.message_id AND d.delivery_id = h.delivery_id
            RETURNING d.delivery_id, d.sequence
        ), told AS (
            INSERT INTO events (tenant_id, bucket, id, message_id, delivery_id, sequence, type, state, at, data)
            SELECT h.tenant_id, h.message_id, gen_random_uuid(), h.message_id, h.delivery_id, m.sequence, 'delayed', NULL, $5,
                jsonb_strip_nulls(jsonb_build_object('age_seconds', round(h.age), 'waiting_for', coalesce(h.waiting_for, 'worker'),
                    'path', h.path))
            FROM held h JOIN moved m USING (delivery_id)
        )
        SELECT coalesce(path, ''), coalesce(waiting_for, 'worker'), mark, count(*), max(age) FROM held GROUP BY 1, 2, 3
        """;

    /// <param name="now">By which all ages are told.</param>
    public static NpgsqlCommand Build(NpgsqlConnection connection, DateTimeOffset now)
    {
        var command = new NpgsqlCommand(Sql, connection);
        command.Parameters.AddWithValue(Ledger.LedgerId.FirstOf(now - First));
        command.Parameters.AddWithValue(Ledger.LedgerId.FirstOf(now - Second));
        command.Parameters.AddWithValue(Ledger.LedgerId.FirstOf(now - Third));
        command.Parameters.AddWithValue(AtOnce);
        command.Parameters.AddWithValue(now.UtcDateTime);
        command.Parameters.AddWithValue(First.TotalSeconds);
        command.Parameters.AddWithValue(Second.TotalSeconds);
        command.Parameters.AddWithValue(Third.TotalSeconds);
        return command;
    }
}
