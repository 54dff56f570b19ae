using Dapper;
using Gateway.Ledger;
using Gateway.Tenants;
using Npgsql;

namespace Gateway.Worker.Upkeep;

/// <summary>
/// Nulls the content of messages whose deliveries ended long enough ago: 30 days, or the tenant's shorter time (D4). The facts
/// of the message stay for as long as its day. In small transactions, and by one replica at a time.
/// </summary>
internal static class ContentSweep
{
    /// <summary>Messages looked at in one transaction.</summary>
    private const int Step = 500;

    /// <summary>
    /// What a provider took may come back while the provider still tries, and would be sent again: without news it counts as
    /// ended only then. 72 hours are the longest that one is known to try (SendGrid), and a day for its event to arrive.
    /// </summary>
    private static readonly TimeSpan MayComeBack = TimeSpan.FromDays(4);

    private const string Tenants = """
        SELECT t.tenant_id, coalesce((t.settings ->> 'content_days')::int, @most),
            coalesce(s.upto, '00000000-0000-0000-0000-000000000000')
        FROM tenants t LEFT JOIN content_sweeps s USING (tenant_id)
        """;

    private const string Open = """
        CASE WHEN d.ended_at IS NOT NULL THEN d.ended_at > @ended
            WHEN d.state = 'sent' THEN d.updated_at > @withoutNews ELSE true END
        """;

    // Content that items of a batch share goes with the last of them.
    private const string Busy = $"""
        busy AS MATERIALIZED (
            SELECT n.message_id FROM n WHERE n.has AND (EXISTS (
                SELECT FROM deliveries d
                WHERE d.tenant_id = @tenant AND d.message_id = n.message_id AND {Open})
            OR EXISTS (
                SELECT FROM messages o
                JOIN deliveries d ON d.tenant_id = @tenant AND d.message_id = o.message_id
                WHERE o.tenant_id = @tenant AND o.body_message_id = n.message_id AND o.body_message_id <> o.message_id
                    AND o.message_id > @near AND {Open}))
        ), gone AS (
            UPDATE bodies b SET content = NULL FROM n
            WHERE b.tenant_id = @tenant AND b.message_id = n.message_id AND n.has
                AND NOT EXISTS (SELECT FROM busy WHERE busy.message_id = n.message_id)
            RETURNING 1
        )
        """;

    private const string Result =
        "SELECT (SELECT count(*) FROM gone), (SELECT message_id FROM n ORDER BY message_id DESC LIMIT 1)";

    /// <summary>Messages that no sweep saw yet.</summary>
    private const string Next = $"""
        WITH n AS MATERIALIZED (
            SELECT b.message_id, b.content IS NOT NULL AS has FROM bodies b
            WHERE b.tenant_id = @tenant AND b.message_id > @upto AND b.message_id < @old ORDER BY b.message_id LIMIT @step
        ), {Busy}, kept AS (
            INSERT INTO content_kept (tenant_id, message_id) SELECT @tenant, message_id FROM busy ON CONFLICT DO NOTHING
        ), placed AS (
            INSERT INTO content_sweeps AS s (tenant_id, upto) SELECT @tenant, message_id FROM n ORDER BY message_id DESC LIMIT 1
            ON CONFLICT (tenant_id) DO UPDATE SET upto = excluded.upto
        )
        {Result}
        """;

    /// <summary>Messages that were still busy when a sweep passed them.</summary>
    private const string Again = $"""
        WITH n AS MATERIALIZED (
            SELECT k.message_id, true AS has FROM content_kept k
            WHERE k.tenant_id = @tenant AND k.message_id > @upto AND k.message_id < @old ORDER BY k.message_id LIMIT @step
        ), {Busy}, forgotten AS (
            DELETE FROM content_kept k USING n
            WHERE k.tenant_id = @tenant AND k.message_id = n.message_id
                AND NOT EXISTS (SELECT FROM busy WHERE busy.message_id = n.message_id)
        )
        {Result}
        """;

    /// <summary>The sandbox's inbox holds whole mails too.</summary>
    private const string Sandbox = """
        DELETE FROM sandbox_messages WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM sandbox_messages WHERE tenant_id = @tenant AND delivery_id < @old LIMIT @step))
        """;

    /// <summary>How many contents went.</summary>
    public static async Task<long> RunAsync(NpgsqlConnection ledger, DateTimeOffset now, CancellationToken cancel)
    {
        var gone = 0L;
        foreach (
            var (tenant, days, upto) in await ledger.QueryAsync<(Guid, int, Guid)>(
                Tenants,
                new { most = TenantSettings.MostContentDays }
            )
        )
        {
            var kept = TimeSpan.FromDays(days);
            var limits = new Limits(
                tenant,
                LedgerId.FirstOf(now - kept),
                now - kept,
                now - (kept < MayComeBack ? MayComeBack : kept),
                Step
            );
            gone += await StepsAsync(ledger, Again, limits, Guid.Empty, cancel);
            gone += await StepsAsync(ledger, Next, limits, upto, cancel);
            while (await ledger.ExecuteAsync(Sandbox, limits) > 0)
            {
                cancel.ThrowIfCancellationRequested();
            }
        }

        return gone;
    }

    private static async Task<long> StepsAsync(
        NpgsqlConnection ledger,
        string sql,
        Limits limits,
        Guid from,
        CancellationToken cancel
    )
    {
        var gone = 0L;
        for (Guid? upto = from; upto is { } place; )
        {
            cancel.ThrowIfCancellationRequested();
            (var some, upto) = await ledger.QuerySingleAsync<(long, Guid?)>(sql, limits with { Upto = place });
            gone += some;
        }

        return gone;
    }

    /// <param name="Old">Ids of messages accepted after this are not looked at.</param>
    /// <param name="Ended">Deliveries that ended after this keep the content.</param>
    /// <param name="WithoutNews">And so do those that were handed over after this and never heard of.</param>
    private sealed record Limits(Guid Tenant, Guid Old, DateTimeOffset Ended, DateTimeOffset WithoutNews, int Step)
    {
        public Guid Upto { get; init; }

        /// <summary>Items of one batch are of one moment, in any order: a day that ended before it holds no sharer.</summary>
        public Guid Near =>
            Upto == Guid.Empty ? Upto : LedgerId.FirstOf(LedgerId.TimeOf(Upto) - TimeSpan.FromMinutes(1));
    }
}
