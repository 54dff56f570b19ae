using System.Text.Json;
using Dapper;
using Gateway.Api.Reading;

namespace Gateway.Api.Operator;

/// <summary>Who did what and why, newest first.</summary>
internal static class AuditQueries
{
    private const string Page = """
        SELECT audit_id, at, tenant_id, actor, action, target, reason, data::text AS data FROM audit
        WHERE audit_id < @below AND audit_id >= @from AND (@tenant IS NULL OR tenant_id = @tenant)
            AND (@actor IS NULL OR actor = @actor) AND (@action IS NULL OR action = @action)
        ORDER BY audit_id DESC LIMIT @limit
        """;

    public static async Task<IResult> ListAsync(HttpContext http, OperatorLedger ledger)
    {
        var query = new QueryFields(http.Request.Query);
        var (since, until) = (query.Time("since"), query.Time("until"));
        var (below, limit) = (IdCursor.Read(query), query.Limit());
        var filter = new
        {
            below = until is { } u ? LedgerIds.Least(below, LedgerIds.From(u)) : below,
            from = since is { } s ? LedgerIds.From(s) : Guid.Empty,
            limit = limit + 1,
            tenant = query.Id("tenant"),
            actor = query.Text("actor"),
            action = query.Text("action"),
        };
        if (query.Problem() is { } problem)
        {
            return problem.ToResult();
        }

        var rows = await ledger.ReadAsync(
            async connection => (await connection.QueryAsync<AuditRow>(Page, filter)).AsList(),
            http.RequestAborted
        );
        var items = rows.Take(limit).Select(r => r.View).ToList();
        return Results.Json(
            new AuditPage(items, rows.Count > limit ? IdCursor.Write(items[^1].Id) : null),
            OperatorJson.Readable.AuditPage
        );
    }

    // Named as the columns: Dapper fills it by them.
#pragma warning disable IDE1006, SA1300
    private sealed class AuditRow
    {
        public Guid audit_id { get; init; }
        public DateTime at { get; init; }
        public Guid? tenant_id { get; init; }
        public string actor { get; init; } = "";
        public string action { get; init; } = "";
        public string target { get; init; } = "";
        public string? reason { get; init; }
        public string? data { get; init; }

        public AuditView View =>
            new(
                audit_id,
                RowTime.Of(at),
                tenant_id,
                actor,
                action,
                target,
                reason,
                data is null ? null : JsonElement.Parse(data)
            );
    }
#pragma warning restore IDE1006, SA1300
}
