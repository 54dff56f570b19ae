using Gateway.Database;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Worker.Delivery;

/// <summary>
/// Claims due deliveries as fenced leases, fair between lanes. A claim may be lost by a crash of the database (it
/// commits asynchronously): then nobody holds the lease and the row is simply still due.
/// </summary>
public sealed class DeliveryQueue(
    [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger,
    TimeProvider clock,
    LeaseTimes? times = null
)
{
    private static readonly TimeSpan LanesStayFor = TimeSpan.FromMilliseconds(250);

    // Skip scan: one index descent a lane, however much mail a lane holds.
    private const string FindLanes = """
        WITH RECURSIVE found AS (
            (SELECT tenant_id, stream FROM deliveries_due ORDER BY tenant_id, stream LIMIT 1)
            UNION ALL
            SELECT n.tenant_id, n.stream FROM found f, LATERAL (
                SELECT d.tenant_id, d.stream FROM deliveries_due d
                WHERE (d.tenant_id, d.stream) > (f.tenant_id, f.stream)
                ORDER BY d.tenant_id, d.stream LIMIT 1) n
        )
        SELECT f.tenant_id, f.stream, coalesce(l.vtime, 0), coalesce(l.weight, p.weight, 1)
        FROM found f LEFT JOIN lanes l USING (tenant_id, stream)
            LEFT JOIN tenants t USING (tenant_id) LEFT JOIN plans p USING (plan)
        WHERE coalesce(l.active, true) AND (l.not_before IS NULL OR l.not_before <= now())
            AND EXISTS (SELECT FROM deliveries_due d
                WHERE d.tenant_id = f.tenant_id AND d.stream = f.stream AND d.due_at <= now())
        """;

    private const string ClaimDue = """
        WITH lane AS (
            SELECT * FROM unnest($1::uuid[], $2::text[], $3::int[], $4::timestamptz[], $5::float8[])
                AS l (tenant_id, stream, quota, since, weight)
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
            SET lease_until = clock_timestamp() + $6::interval, begun = false,
                fence = greatest(d.fence + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
            WHERE d.delivery_id = ANY (ARRAY(SELECT delivery_id FROM picked))
            RETURNING d.tenant_id, d.message_id, d.delivery_id, d.stream, d.fence, d.due_at
        ), served AS (
            -- A lane that was idle starts at the present minimum: it saved up nothing.
            INSERT INTO lanes AS l (tenant_id, stream, vtime)
            SELECT c.tenant_id, c.stream, $7::float8 + count(*) / min(lane.weight)
            FROM claimed c JOIN lane USING (tenant_id, stream) GROUP BY c.tenant_id, c.stream
            ON CONFLICT (tenant_id, stream) DO UPDATE
            SET vtime = greatest(l.vtime, $7::float8) + (excluded.vtime - $7::float8)
        )
        SELECT tenant_id, message_id, delivery_id, stream, fence, due_at, now() FROM claimed
        """;

    private readonly TimeSpan lease = (times ?? LeaseTimes.Default).Length;
    private readonly ClaimBounds bounds = new(clock);
    private IReadOnlyList<Lane> lanes = [];
    private long lanesReadAt;

    /// <summary>Forgets what it remembers of lanes: something older than the bound may be due again.</summary>
    public void Forget()
    {
        bounds.Forget();
        lanesReadAt = 0;
    }

    /// <summary>Leases at most <paramref name="free"/> due deliveries; none where nothing is due.</summary>
    public async Task<IReadOnlyList<Claim>> ClaimAsync(int free, CancellationToken cancel)
    {
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        if (lanes.Count == 0 || lanesReadAt == 0 || clock.GetElapsedTime(lanesReadAt) > LanesStayFor)
        {
            lanes = await ReadLanesAsync(connection, cancel);
            lanesReadAt = clock.GetTimestamp();
        }

        var quotas = LaneShare.Divide(lanes, free);
        if (quotas.Count == 0)
        {
            return [];
        }

        var claims = await ClaimAsync(connection, quotas, cancel);
        lanes = [.. lanes.Select(l => l with { VirtualTime = l.VirtualTime + Served(claims, l) })];
        if (claims.Count == 0)
        {
            // The cached lanes are empty now: look again before the next claim.
            lanesReadAt = 0;
        }

        return claims;
    }

    private static double Served(List<Claim> claims, Lane lane) =>
        claims.Count(c => c.TenantId == lane.TenantId && c.Stream == lane.Stream) / lane.Weight;

    private static async Task<IReadOnlyList<Lane>> ReadLanesAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(FindLanes, connection);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var found = new List<Lane>();
        while (await reader.ReadAsync(cancel))
        {
            found.Add(new Lane(reader.GetGuid(0), reader.GetString(1), reader.GetDouble(2), reader.GetDouble(3)));
        }

        return found;
    }

    private async Task<List<Claim>> ClaimAsync(
        NpgsqlConnection connection,
        IReadOnlyList<LaneQuota> quotas,
        CancellationToken cancel
    )
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand("SELECT set_config('synchronous_commit', 'off', true)"));
        var claim = new NpgsqlBatchCommand(ClaimDue);
        Add(claim, NpgsqlDbType.Uuid, [.. quotas.Select(q => q.Lane.TenantId)]);
        Add(claim, NpgsqlDbType.Text, [.. quotas.Select(q => q.Lane.Stream)]);
        Add(claim, NpgsqlDbType.Integer, [.. quotas.Select(q => q.Quota)]);
        Add(claim, NpgsqlDbType.TimestampTz, [.. quotas.Select(q => bounds.Of(q.Lane))]);
        Add(claim, NpgsqlDbType.Double, [.. quotas.Select(q => q.Lane.Weight)]);
        claim.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = lease });
        claim.Parameters.Add(new NpgsqlParameter<double> { TypedValue = lanes.Min(l => l.VirtualTime) });
        batch.BatchCommands.Add(claim);

        await using var reader = await batch.ExecuteReaderAsync(cancel);
        await reader.NextResultAsync(cancel);
        var claims = new List<Claim>();
        while (await reader.ReadAsync(cancel))
        {
            var claimed = new Claim(
                reader.GetGuid(0),
                reader.GetGuid(1),
                reader.GetGuid(2),
                reader.GetString(3),
                reader.GetInt64(4)
            );
            claims.Add(claimed);
            bounds.Saw(claimed, reader.GetDateTime(5), databaseNow: reader.GetDateTime(6));
        }

        return claims;
    }

    private static void Add<T>(NpgsqlBatchCommand command, NpgsqlDbType element, T[] values) =>
        command.Parameters.Add(
            new NpgsqlParameter<T[]> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | element }
        );
}
