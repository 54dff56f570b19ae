using Dapper;
using Gateway.Api.Problems;
using Gateway.Api.Reading;

namespace Gateway.Api.Operator.Holds;

/// <summary>Reads what is held, by the index on what failed.</summary>
internal static class HoldQueries
{
    private const string Held = """
        FROM deliveries d WHERE d.failed = 'held' AND d.message_id >= @from AND d.message_id < @until
            AND (@tenant::uuid IS NULL OR d.tenant_id = @tenant) AND (@cause::text IS NULL OR d.cause = @cause)
            AND (@path::text IS NULL OR d.path = @path)
        """;

    private const string Counts = $"""
        SELECT d.tenant_id, d.cause, d.path, count(*) AS count, min(d.held_at) AS oldest {Held}
        GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3 LIMIT 1000
        """;

    private const string Items = $"""
        SELECT d.tenant_id, d.message_id, d.delivery_id, d.recipient, d.cause, d.path, d.attempts, d.held_at, d.created_at
        {Held} AND d.delivery_id < @below ORDER BY d.delivery_id DESC LIMIT @limit
        """;

    public static async Task<IResult> ListAsync(HttpContext http, OperatorLedger ledger)
    {
        var query = new QueryFields(http.Request.Query);
        var (since, until, limit) = (query.Time("since"), query.Time("until"), query.Limit());
        var filter = new
        {
            from = since is { } s ? LedgerIds.From(s) : Guid.Empty,
            until = until is { } u ? LedgerIds.From(u) : LedgerIds.Highest,
            below = IdCursor.Read(query),
            tenant = query.Id("tenant"),
            cause = query.Text("cause"),
            path = query.Text("path"),
            limit = limit + 1,
        };
        if (query.Problem() is { } problem)
        {
            return problem.ToResult();
        }

        return await ledger.ReadAsync(
            async connection =>
            {
                var counts = await connection.QueryAsync<CountRow>(Counts, filter);
                var rows = (await connection.QueryAsync<HeldRow>(Items, filter)).AsList();
                var items = rows.Take(limit).Select(r => r.View).ToList();
                return Results.Json(
                    new HoldPage(
                        [.. counts.Select(c => c.View)],
                        items,
                        rows.Count > limit ? IdCursor.Write(items[^1].Id) : null
                    ),
                    OperatorJson.Readable.HoldPage
                );
            },
            http.RequestAborted
        );
    }

    // Named as the columns: Dapper fills them by it.
#pragma warning disable IDE1006, SA1300
    private sealed class CountRow
    {
        public Guid tenant_id { get; init; }
        public string? cause { get; init; }
        public string? path { get; init; }
        public long count { get; init; }
        public DateTime? oldest { get; init; }

        public HoldCount View => new(tenant_id, cause, path, count, RowTime.Of(oldest));
    }

    private sealed class HeldRow
    {
        public Guid tenant_id { get; init; }
        public Guid message_id { get; init; }
        public Guid delivery_id { get; init; }
        public string recipient { get; init; } = "";
        public string? cause { get; init; }
        public string? path { get; init; }
        public int attempts { get; init; }
        public DateTime? held_at { get; init; }
        public DateTime created_at { get; init; }

        public HoldView View =>
            new(
                delivery_id,
                message_id,
                tenant_id,
                recipient,
                cause,
                path,
                attempts,
                RowTime.Of(held_at),
                RowTime.Of(created_at)
            );
    }
#pragma warning restore IDE1006, SA1300
}
