using Dapper;
using Gateway.Api.Operator.Paths;
using Gateway.Api.Problems;
using Gateway.Api.Reading;
using Npgsql;

namespace Gateway.Api.Operator.Drills;

/// <summary>What a drill came to, read from the ledger: nobody has to watch while it runs.</summary>
internal static class DrillReports
{
    private const int MostAttempts = 50_000;

    private const string Find = """
        SELECT r.drill_id, r.path, r.started_at, r.until, r.reason,
            (SELECT m.changed_at FROM path_modes m WHERE m.path = r.path AND m.changed_at > r.started_at
                AND m.changed_at < r.until) AS changed_at, now() AS now
        FROM path_drills r WHERE r.drill_id = @id AND r.path = @path
        """;

    // Mail is tried for three days: older ids are not among what was begun.
    private const string Attempts = $"""
        SELECT q.path, {Traffic.Columns}, min(q.begun_at) AS first, max(q.begun_at) AS last
        FROM (SELECT * FROM attempts WHERE message_id >= @from AND begun_at >= @start AND begun_at < @end LIMIT @most) q
        CROSS JOIN LATERAL (SELECT * FROM messages x
            WHERE x.tenant_id = q.tenant_id AND x.message_id = q.message_id LIMIT 1) m
        CROSS JOIN LATERAL (SELECT recipient_key FROM deliveries x WHERE x.tenant_id = q.tenant_id
            AND x.message_id = q.message_id AND x.delivery_id = q.delivery_id LIMIT 1) d
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
        """;

    private const string Waiting = $"""
        SELECT {Traffic.Columns}
        FROM (SELECT tenant_id, message_id, delivery_id FROM deliveries_due WHERE waiting_for = 'path' LIMIT 20000) q
        CROSS JOIN LATERAL (SELECT * FROM messages x
            WHERE x.tenant_id = q.tenant_id AND x.message_id = q.message_id LIMIT 1) m
        CROSS JOIN LATERAL (SELECT recipient_key FROM deliveries x WHERE x.tenant_id = q.tenant_id
            AND x.message_id = q.message_id AND x.delivery_id = q.delivery_id LIMIT 1) d
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
        """;

    private const string CountHeld =
        "SELECT count(*) FROM deliveries WHERE failed = 'held' AND held_at >= @start AND held_at < @end";

    private const string CountLost = """
        SELECT count(*) FROM deliveries d
        WHERE d.message_id >= @recent AND d.state IN ('queued', 'sending', 'deferred', 'held', 'unknown')
            AND NOT EXISTS (SELECT FROM deliveries_due q WHERE q.delivery_id = d.delivery_id)
        """;

    public static async Task<IResult> GetAsync(
        string path,
        string drill,
        HttpContext http,
        OperatorLedger ledger,
        PathLedger paths,
        TimeProvider clock
    ) =>
        await ledger.ReadAsync(
            async connection =>
                LedgerIds.TryParse(drill, out var id)
                && !path.Contains('\0', StringComparison.Ordinal)
                && await connection.QuerySingleOrDefaultAsync<DrillRow>(Find, new { id, path }) is { } row
                    ? Results.Json(
                        await ReportAsync(connection, paths, row, clock.GetUtcNow()),
                        OperatorJson.Readable.DrillReport
                    )
                    : ApiProblem.NotFound("drill").ToResult(),
            http.RequestAborted
        );

    private static async Task<DrillReport> ReportAsync(
        NpgsqlConnection connection,
        PathLedger paths,
        DrillRow drill,
        DateTimeOffset now
    )
    {
        var (start, ended) = (drill.started_at, drill.EndedAt);
        var what = new
        {
            start,
            end = ended ?? drill.now,
            from = LedgerIds.From(RowTime.Of(start).AddDays(-3)),
            recent = LedgerIds.From(RowTime.Of(start).AddHours(-1)),
            most = MostAttempts,
        };
        var routing = await DrillActions.RoutingAsync(connection, paths, drill.path, now);
        var tried = (await connection.QueryAsync<Traffic>(Attempts, what)).AsList();
        var own = tried.Where(t => t.path == drill.path).ToList();
        var elsewhere = tried
            .Where(t => t.path != drill.path)
            .Select(t => (Mail: t, Moved: routing.OnPath(t)))
            .Where(t => t.Moved > 0)
            .ToList();
        var waiting = (await connection.QueryAsync<Traffic>(Waiting)).AsList();
        return new DrillReport(
            drill.drill_id,
            drill.path,
            drill.State,
            RowTime.Of(start),
            RowTime.Of(drill.until),
            RowTime.Of(ended),
            drill.reason,
            elsewhere.Count == 0 ? null : (elsewhere.Min(t => t.Mail.first) - start).TotalMilliseconds,
            own.Count == 0 ? null : (own.Max(t => t.last) - start).TotalMilliseconds,
            own.Sum(t => t.count),
            elsewhere.Sum(t => t.Moved),
            await connection.ExecuteScalarAsync<long>(CountHeld, what),
            waiting.Sum(t => t.count),
            await connection.ExecuteScalarAsync<long>(CountLost, what),
            tried.Sum(t => t.count) >= MostAttempts,
            routing.Stranded(waiting)
        );
    }

    // Named as the columns: Dapper fills it by them.
#pragma warning disable IDE1006, SA1300
    private sealed class DrillRow
    {
        public Guid drill_id { get; init; }
        public string path { get; init; } = "";
        public DateTime started_at { get; init; }
        public DateTime until { get; init; }
        public string reason { get; init; } = "";

        /// <summary>Somebody set the path's mode while the drill ran.</summary>
        public DateTime? changed_at { get; init; }
        public DateTime now { get; init; }

        public DateTime? EndedAt => changed_at ?? (until <= now ? until : null);

        public string State =>
            changed_at is not null ? "ended"
            : until <= now ? "over"
            : "running";
    }
#pragma warning restore IDE1006, SA1300
}
