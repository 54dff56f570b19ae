using Npgsql;
using NpgsqlTypes;

namespace Gateway.Worker.Delivery;

/// <summary>Leases the first due rows of some lanes, and counts them for the lanes' virtual time.</summary>
internal static class ClaimStatement
{
    private const string Sql = """
        WITH lane AS (
            SELECT * FROM unnest($1::uuid[], $2::text[], $3::int[], $4::timestamptz[], $5::float8[], $6::float8[])
                AS l (tenant_id, stream, quota, since, weight, clock)
        ), picked AS MATERIALIZED (
            SELECT p.delivery_id FROM lane l CROSS JOIN LATERAL (
                SELECT d.delivery_id FROM deliveries_due d
                WHERE d.tenant_id = l.tenant_id AND d.stream = l.stream
                    AND d.due_at >= l.since AND d.due_at <= now() AND d.lease_until IS NULL
                ORDER BY d.due_at, d.delivery_id
                LIMIT l.quota FOR UPDATE SKIP LOCKED) p
        ), claimed AS (
            -- The claim commits asynchronously: a crash of the database may forget it while its worker lives on. Counted
            -- by one, the next claim would get the same fence; the clock gives it another.
            UPDATE deliveries_due d
            SET lease_until = clock_timestamp() + $7::interval, begun = false,
                fence = greatest(d.fence + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
            WHERE d.delivery_id = ANY (ARRAY(SELECT delivery_id FROM picked))
            RETURNING d.tenant_id, d.message_id, d.delivery_id, d.stream, d.fence, d.due_at
        ), served AS (
            -- A lane that was idle starts at its stream's clock: it saved up nothing. In order, since another worker may
            -- count for the same lanes.
            INSERT INTO lanes AS l (tenant_id, stream, vtime)
            SELECT c.tenant_id, c.stream, min(lane.clock) + count(*) / min(lane.weight)
            FROM claimed c JOIN lane USING (tenant_id, stream) GROUP BY c.tenant_id, c.stream
            ORDER BY c.tenant_id, c.stream
            ON CONFLICT (tenant_id, stream) DO UPDATE
            SET vtime = CASE l.stream WHEN 'transactional' THEN greatest(l.vtime, $8::float8) + (excluded.vtime - $8::float8)
                ELSE greatest(l.vtime, $9::float8) + (excluded.vtime - $9::float8) END
        )
        SELECT tenant_id, message_id, delivery_id, stream, fence, due_at, now() FROM claimed
        """;

    /// <param name="since">Where each lane's rows that are worth a look begin.</param>
    /// <param name="clock">Where a lane of a stream starts at the earliest.</param>
    public static NpgsqlBatchCommand Build(
        IReadOnlyList<LaneQuota> quotas,
        Func<Lane, DateTime> since,
        Func<string, double> clock,
        TimeSpan lease
    )
    {
        var command = new NpgsqlBatchCommand(Sql);
        var p = new StatementParameters(command.Parameters);
        p.Add(NpgsqlDbType.Uuid, quotas, q => q.Lane.TenantId);
        p.Add(NpgsqlDbType.Text, quotas, q => q.Lane.Stream);
        p.Add(NpgsqlDbType.Integer, quotas, q => q.Quota);
        p.Add(NpgsqlDbType.TimestampTz, quotas, q => since(q.Lane));
        p.Add(NpgsqlDbType.Double, quotas, q => q.Lane.Weight);
        p.Add(NpgsqlDbType.Double, quotas, q => clock(q.Lane.Stream));
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = lease });
        command.Parameters.Add(new NpgsqlParameter<double> { TypedValue = clock("transactional") });
        command.Parameters.Add(new NpgsqlParameter<double> { TypedValue = clock("broadcast") });
        return command;
    }
}
