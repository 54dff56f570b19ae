using Gateway.Api.Reading;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Api.Subscriptions;

/// <summary>What a tenant asks of the log of one subscription.</summary>
/// <param name="Below">Newest first, beginning below this try.</param>
internal sealed record TryQuery(Guid Below, int Limit, string? Result, Guid? Event);

/// <summary>Every try to deliver, with the answer.</summary>
internal sealed class TryLog(TenantLedger ledger, TimeProvider clock)
{
    /// <summary>The log reaches so far back.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    /// <summary>As the sender writes them.</summary>
    public static readonly IReadOnlyList<string> Results = ["delivered", "failed", "exhausted", "aborted", "gone"];

    private const string Columns =
        "attempt_id, event_id, type, kind, attempt, result, status, error, response, at, took_ms, next_at";

    private const string List = $"""
        SELECT {Columns} FROM webhook_deliveries
        WHERE tenant_id = $1 AND subscription_id = $2 AND attempt_id < $3 AND attempt_id >= $4
            AND ($5 IS NULL OR result = $5)
        ORDER BY attempt_id DESC LIMIT $6
        """;

    // By the event's own index: the tries of one event are few.
    private const string OfEvent = $"""
        SELECT {Columns} FROM (
            SELECT * FROM webhook_deliveries WHERE tenant_id = $1 AND subscription_id = $2 AND event_id = $7 OFFSET 0) t
        WHERE attempt_id < $3 AND attempt_id >= $4 AND ($5 IS NULL OR result = $5)
        ORDER BY attempt_id DESC LIMIT $6
        """;

    public Task<TryPage> ListAsync(Guid tenant, Guid subscription, TryQuery query, CancellationToken cancel)
    {
        var command = Statement
            .Of(query.Event is null ? List : OfEvent, tenant)
            .With(subscription)
            .With(query.Below)
            .With(LedgerIds.From(clock.GetUtcNow() - Kept))
            .With(NpgsqlDbType.Text, query.Result)
            .With(query.Limit + 1);
        if (query.Event is { } id)
        {
            command.With(id);
        }

        return ledger.ReadAsync(
            tenant,
            [command],
            async reader =>
            {
                var items = new List<TryView>();
                while (await reader.ReadAsync(cancel))
                {
                    items.Add(Read(reader));
                }

                var more = items.Count > query.Limit;
                return new TryPage(
                    more ? items[..query.Limit] : items,
                    more ? IdCursor.Write(items[query.Limit - 1].Id) : null
                );
            },
            cancel
        );
    }

    private static TryView Read(NpgsqlDataReader row) =>
        new(
            row.GetGuid(0),
            row.GetGuid(1),
            row.GetString(2),
            row.GetString(3),
            row.GetInt32(4),
            row.GetString(5),
            row.NumberOrNull(6),
            row.TextOrNull(7),
            row.TextOrNull(8),
            row.Time(9),
            row.GetInt32(10),
            row.TimeOrNull(11)
        );
}
