using Gateway.Ledger;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Worker.Trust;

/// <summary>
/// Counts each refusal and complaint once, from the events that came since the last look; what is sent was counted when
/// it was recorded. The count and the place it reached are one transaction, so replicas may look at the same time and a
/// crash loses nothing.
/// </summary>
internal sealed class OutcomeCount(NpgsqlDataSource ledger, TimeProvider clock)
{
    /// <summary>Bounces and complaints about older mail say little of what is sent now, and each day costs an index look-up.</summary>
    private static readonly TimeSpan OldestMail = TimeSpan.FromDays(5);

    /// <summary>After a longer absence it begins at the present: what came meanwhile would take long to read.</summary>
    private const string Start = """
        INSERT INTO trust_cursor AS c (xid, read_at) VALUES (pg_snapshot_xmin(pg_current_snapshot()), now())
        ON CONFLICT (one) DO UPDATE SET xid = excluded.xid, read_at = excluded.read_at
        WHERE c.read_at < now() - interval '1 hour'
        """;

    // Only transactions older than every running one are read, as by every reader of events (D9), by the index on the few
    // events that say something of an address. A bounce that came after 'sent' is no further outcome.
    private const string Read = """
        WITH c AS MATERIALIZED (SELECT xid, pg_snapshot_xmin(pg_current_snapshot()) AS upto FROM trust_cursor)
        SELECT c.xid, c.upto, n.tenant_id, n.stream, n.hour, n.outcomes, n.hard_bounces, n.complaints FROM c LEFT JOIN LATERAL (
            SELECT e.tenant_id, m.stream, date_trunc('hour', e.at, 'UTC') AS hour,
                count(*) FILTER (WHERE e.type = 'bounced' AND e.data ? 'attempt' AND NOT e.data ? 'source') AS outcomes,
                count(*) FILTER (WHERE e.type = 'bounced' AND coalesce(e.data ->> 'cause', 'recipient') = 'recipient'
                    AND coalesce(e.data ->> 'class', 'hard') = 'hard') AS hard_bounces,
                count(*) FILTER (WHERE e.type = 'complained') AS complaints
            FROM events e
            CROSS JOIN LATERAL (SELECT x.stream, x.mode FROM messages x
                WHERE x.tenant_id = e.tenant_id AND x.message_id = e.message_id LIMIT 1) m
            WHERE e.xid >= c.xid AND e.xid < c.upto AND e.bucket >= $1 AND e.bucket < $2
                AND e.type IN ('bounced', 'complained') AND m.mode = 'live'
            GROUP BY 1, 2, 3) n ON true
        """;

    private const string Advance = """
        WITH moved AS (
            UPDATE trust_cursor SET xid = $2, read_at = now() WHERE xid = $1 RETURNING 1
        ), counted AS (
            -- A shard that no recorder writes.
            INSERT INTO lane_outcomes AS o (tenant_id, stream, hour, outcomes, hard_bounces, complaints, shard)
            SELECT n.*, 8 FROM unnest($3::uuid[], $4::text[], $5::timestamptz[], $6::bigint[], $7::bigint[], $8::bigint[]) AS n
            WHERE EXISTS (SELECT FROM moved)
            ON CONFLICT (tenant_id, stream, hour, shard) DO UPDATE
            SET outcomes = o.outcomes + excluded.outcomes, hard_bounces = o.hard_bounces + excluded.hard_bounces,
                complaints = o.complaints + excluded.complaints
        )
        SELECT EXISTS (SELECT FROM moved)
        """;

    /// <summary>Counts what is new; the lanes that it was about, none where another replica counted it.</summary>
    public async Task<IReadOnlyCollection<(Guid Tenant, string Stream)>> AdvanceAsync(CancellationToken cancel)
    {
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        await using (var start = new NpgsqlCommand(Start, connection))
        {
            await start.ExecuteNonQueryAsync(cancel);
        }

        var (from, upto, rows) = await ReadAsync(connection, cancel);
        if (from >= upto)
        {
            return [];
        }

        await using var advance = new NpgsqlCommand(Advance, connection);
        Add(advance, NpgsqlDbType.Xid8, from);
        Add(advance, NpgsqlDbType.Xid8, upto);
        Add(advance, NpgsqlDbType.Array | NpgsqlDbType.Uuid, rows.ConvertAll(r => r.Tenant).ToArray());
        Add(advance, NpgsqlDbType.Array | NpgsqlDbType.Text, rows.ConvertAll(r => r.Stream).ToArray());
        Add(advance, NpgsqlDbType.Array | NpgsqlDbType.TimestampTz, rows.ConvertAll(r => r.Hour).ToArray());
        Add(advance, NpgsqlDbType.Array | NpgsqlDbType.Bigint, rows.ConvertAll(r => r.Count.Outcomes).ToArray());
        Add(advance, NpgsqlDbType.Array | NpgsqlDbType.Bigint, rows.ConvertAll(r => r.Count.HardBounces).ToArray());
        Add(advance, NpgsqlDbType.Array | NpgsqlDbType.Bigint, rows.ConvertAll(r => r.Count.Complaints).ToArray());
        return await advance.ExecuteScalarAsync(cancel) is true
            ? rows.ConvertAll(r => (r.Tenant, r.Stream)).ToHashSet()
            : [];
    }

    private async Task<(ulong From, ulong Upto, List<CountedHour> Rows)> ReadAsync(
        NpgsqlConnection connection,
        CancellationToken cancel
    )
    {
        var now = clock.GetUtcNow();
        await using var read = new NpgsqlCommand(Read, connection);
        Add(read, NpgsqlDbType.Uuid, LedgerId.FirstOf(now - OldestMail));
        Add(read, NpgsqlDbType.Uuid, LedgerId.FirstOf(now + TimeSpan.FromDays(1)));
        await using var reader = await read.ExecuteReaderAsync(cancel);
        var (from, upto) = (0UL, 0UL);
        var rows = new List<CountedHour>();
        while (await reader.ReadAsync(cancel))
        {
            (from, upto) = (reader.GetFieldValue<ulong>(0), reader.GetFieldValue<ulong>(1));
            if (!reader.IsDBNull(2))
            {
                rows.Add(
                    new CountedHour(
                        reader.GetGuid(2),
                        reader.GetString(3),
                        reader.GetDateTime(4),
                        new LaneOutcomes(reader.GetInt64(5), reader.GetInt64(6), reader.GetInt64(7))
                    )
                );
            }
        }

        return (from, upto, rows);
    }

    private static void Add<T>(NpgsqlCommand command, NpgsqlDbType type, T value) =>
        command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value, NpgsqlDbType = type });

    private readonly record struct CountedHour(Guid Tenant, string Stream, DateTime Hour, LaneOutcomes Count);
}
