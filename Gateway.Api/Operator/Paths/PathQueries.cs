using System.Text.Json;
using Dapper;
using Gateway.Api.Problems;
using Gateway.Api.Reading;

namespace Gateway.Api.Operator.Paths;

/// <summary>Paths as the operator sees them, and what happened to them.</summary>
internal static class PathQueries
{
    private const string Events = """
        SELECT event_id, path, type, at, actor, reason, data::text AS data FROM path_events
        WHERE event_id < @below AND event_id >= @from AND (@path IS NULL OR path = @path) AND (@type IS NULL OR type = @type)
        ORDER BY event_id DESC LIMIT @limit
        """;

    public static async Task<IResult> ListAsync(HttpContext http, OperatorLedger ledger, PathLedger paths)
    {
        var open = await paths.OpenAsync();
        return await ledger.ReadAsync(
            async connection =>
            {
                var rows = await PathLedger.ReadAsync(connection);
                return Results.Json(
                    new PathPage([.. rows.Select(r => r.View(open))], null),
                    OperatorJson.Readable.PathPage
                );
            },
            http.RequestAborted
        );
    }

    public static async Task<IResult> GetAsync(string path, HttpContext http, OperatorLedger ledger, PathLedger paths)
    {
        var open = await paths.OpenAsync();
        return await ledger.ReadAsync(
            async connection =>
                await FindAsync(connection, path) is { } row
                    ? Results.Json(row.View(open), OperatorJson.Readable.PathView)
                    : ApiProblem.NotFound("path").ToResult(),
            http.RequestAborted
        );
    }

    public static async Task<IResult> EventsAsync(HttpContext http, OperatorLedger ledger)
    {
        var query = new QueryFields(http.Request.Query);
        var (since, until) = (query.Time("since"), query.Time("until"));
        var (below, limit) = (IdCursor.Read(query), query.Limit());
        var filter = new
        {
            below = until is { } u ? LedgerIds.Least(below, LedgerIds.From(u)) : below,
            from = since is { } s ? LedgerIds.From(s) : Guid.Empty,
            path = query.Text("path"),
            type = query.Text("type"),
            limit = limit + 1,
        };
        if (query.Problem() is { } problem)
        {
            return problem.ToResult();
        }

        var rows = await ledger.ReadAsync(
            async connection => (await connection.QueryAsync<EventRow>(Events, filter)).AsList(),
            http.RequestAborted
        );
        var items = rows.Take(limit).Select(r => r.View).ToList();
        return Results.Json(
            new PathEventPage(items, rows.Count > limit ? IdCursor.Write(items[^1].Id) : null),
            OperatorJson.Readable.PathEventPage
        );
    }

    /// <summary>Null for what is no name of a path, too.</summary>
    public static async Task<PathRow?> FindAsync(Npgsql.NpgsqlConnection connection, string path) =>
        path.Contains('\0', StringComparison.Ordinal)
            ? null
            : (await PathLedger.ReadAsync(connection, path)).SingleOrDefault();

    // Named as the columns: Dapper fills it by them.
#pragma warning disable IDE1006, SA1300
    private sealed class EventRow
    {
        public Guid event_id { get; init; }
        public string path { get; init; } = "";
        public string type { get; init; } = "";
        public DateTime at { get; init; }
        public string actor { get; init; } = "";
        public string? reason { get; init; }
        public string? data { get; init; }

        public PathEventView View =>
            new(event_id, path, type, RowTime.Of(at), actor, reason, data is null ? null : JsonElement.Parse(data));
    }
#pragma warning restore IDE1006, SA1300
}
