using Npgsql;
using NpgsqlTypes;

namespace Gateway.Worker.Delivery;

/// <summary>
/// Reads which lanes have due mail, apart from the claims: thousands of lanes take some ten milliseconds, and a snapshot
/// that somebody holds open makes it longer. It is done each 250 ms, or as seldom as keeps it at a tenth of the time.
/// </summary>
internal sealed class LaneReader(NpgsqlDataSource ledger, TimeProvider clock)
{
    private static readonly TimeSpan StayFor = TimeSpan.FromMilliseconds(250);
    private const int PauseByCost = 10;

    // Skip scan: one index descent a lane, however much mail a lane holds. The first row that it finds of a lane is the
    // lane's earliest.
    private const string FindLanes = """
        WITH RECURSIVE found AS (
            (SELECT tenant_id, stream, due_at FROM deliveries_due ORDER BY tenant_id, stream, due_at LIMIT 1)
            UNION ALL
            SELECT n.tenant_id, n.stream, n.due_at FROM found f, LATERAL (
                SELECT d.tenant_id, d.stream, d.due_at FROM deliveries_due d
                WHERE (d.tenant_id, d.stream) > (f.tenant_id, f.stream)
                ORDER BY d.tenant_id, d.stream, d.due_at LIMIT 1) n
        )
        SELECT f.tenant_id, f.stream, coalesce(l.vtime, 0), coalesce(l.weight, p.weight, 1)
        FROM found f LEFT JOIN lanes l USING (tenant_id, stream)
            LEFT JOIN tenants t USING (tenant_id) LEFT JOIN plans p USING (plan)
        WHERE f.due_at <= now() AND coalesce(l.active, true) AND (l.not_before IS NULL OR l.not_before <= now())
        """;

    private const string ReadClocks = "SELECT stream, vtime FROM lane_clocks";

    private const string MoveClocks = """
        UPDATE lane_clocks c SET vtime = greatest(c.vtime, m.vtime)
        FROM (SELECT * FROM unnest($1::text[], $2::float8[]) AS m (stream, vtime) ORDER BY 1) m WHERE c.stream = m.stream
        """;

    private readonly LaneBook book = new();
    private IReadOnlyList<(string Stream, double At)> movedClocks = [];
    private Task<Found>? reading;
    private long readAt;
    private TimeSpan cost;
    private volatile bool isStale = true;

    public LaneBook Book => book;

    /// <summary>The next look waits for the ledger: what is known is empty, or something came back.</summary>
    public void Forget() => isStale = true;

    /// <summary>
    /// Brings the book up to date. While it is not stale this never waits: a look that is due begins, and the claims go on
    /// by the lanes of before. One caller at a time.
    /// </summary>
    public async Task RefreshAsync(CancellationToken cancel)
    {
        if (reading is { IsCompleted: true } done)
        {
            reading = null;
            TakeUp(await done);
        }

        var pause = cost * PauseByCost > StayFor ? cost * PauseByCost : StayFor;
        if (isStale || book.Lanes.Count == 0)
        {
            // What is being read now may be older than what is asked for.
            isStale = false;
            if (reading is { } older)
            {
                reading = null;
                await older.ContinueWith(static _ => { }, TaskScheduler.Default);
            }

            TakeUp(await ReadAsync(cancel));
        }
        else if (reading is null && clock.GetElapsedTime(readAt) > pause)
        {
            reading = Task.Run(() => ReadAsync(CancellationToken.None), CancellationToken.None);
        }
    }

    private void TakeUp(Found found)
    {
        var moved = book.TakeUp(found.Lanes, found.Clocks);
        (readAt, cost) = (clock.GetTimestamp(), found.Took);
        // Written with the next look: after a crash of the worker the clock stands where it was a moment before.
        movedClocks = [.. moved.Select(s => (s, book.ClockOf(s)))];
    }

    private async Task<Found> ReadAsync(CancellationToken cancel)
    {
        var began = clock.GetTimestamp();
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        await using var batch = new NpgsqlBatch(connection);
        var move = movedClocks;
        if (move.Count > 0)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand("SELECT set_config('synchronous_commit', 'off', true)"));
            batch.BatchCommands.Add(Moving(move));
        }

        batch.BatchCommands.Add(new NpgsqlBatchCommand(ReadClocks));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(FindLanes));
        await using var reader = await batch.ExecuteReaderAsync(cancel);
        if (move.Count > 0)
        {
            await reader.NextResultAsync(cancel);
        }

        var clocks = new Dictionary<string, double>();
        while (await reader.ReadAsync(cancel))
        {
            clocks[reader.GetString(0)] = reader.GetDouble(1);
        }

        await reader.NextResultAsync(cancel);
        var lanes = new List<Lane>();
        while (await reader.ReadAsync(cancel))
        {
            lanes.Add(new Lane(reader.GetGuid(0), reader.GetString(1), reader.GetDouble(2), reader.GetDouble(3)));
        }

        return new Found(lanes, clocks, clock.GetElapsedTime(began));
    }

    private static NpgsqlBatchCommand Moving(IReadOnlyList<(string Stream, double At)> clocks)
    {
        var command = new NpgsqlBatchCommand(MoveClocks);
        var p = new StatementParameters(command.Parameters);
        p.Add(NpgsqlDbType.Text, clocks, c => c.Stream);
        p.Add(NpgsqlDbType.Double, clocks, c => c.At);
        return command;
    }

    private sealed record Found(IReadOnlyList<Lane> Lanes, IReadOnlyDictionary<string, double> Clocks, TimeSpan Took);
}
