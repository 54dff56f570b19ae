using System.Text.Json;
using Gateway.Database;
using Gateway.Ledger;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Webhooks.Outbound;

/// <summary>One try as it is kept in the log, and what becomes of the event's row among the waiting.</summary>
/// <param name="AttemptId">Tells the time too.</param>
/// <param name="Next">When it is tried again; null where it is not.</param>
internal sealed record SendResult(
    Endpoint Endpoint,
    Outgoing Item,
    WebhookAnswer Answer,
    string Word,
    Guid AttemptId,
    DateTimeOffset At,
    TimeSpan Took,
    TimeSpan? Next
)
{
    public bool ChangesWaiting => Next is not null || Item.Slot is null;
}

/// <summary>Place and health of one subscription as they are to be stored.</summary>
internal sealed record EndpointState(Endpoint Endpoint, EventPlace Place, EndpointHealth Health);

/// <summary>
/// Writes what happened, many results in one statement: the log, what waits, and the places. A place never runs ahead of
/// its results, and only the present owner of a subscription moves it.
/// </summary>
internal sealed class ResultJournal(
    [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger,
    SenderBook book,
    TimeProvider clock
)
{
    private const string Write = """
        WITH mine AS (
            UPDATE subscription_places p
            SET epoch = r.epoch, xid = r.xid, after_id = r.after_id, last_bucket = r.last_bucket, last_id = r.last_id,
                failures = r.failures, failing_since = r.failing_since, failed_at = r.failed_at,
                succeeded_at = r.succeeded_at, rests = r.rests, rests_until = r.rests_until
            FROM unnest($2::uuid[], $3::bigint[], $4::int[], $5::xid8[], $6::uuid[], $7::uuid[], $8::uuid[], $9::int[],
                $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::int[], $14::timestamptz[])
                AS r (subscription_id, fence, epoch, xid, after_id, last_bucket, last_id, failures, failing_since,
                    failed_at, succeeded_at, rests, rests_until)
            WHERE p.subscription_id = r.subscription_id AND p.owner = $1 AND p.fence = r.fence
            RETURNING p.subscription_id
        ), noted AS (
            INSERT INTO webhook_deliveries (tenant_id, subscription_id, attempt_id, event_id, bucket, type, kind, attempt,
                result, status, error, response, at, took_ms, next_at)
            SELECT tenant_id, subscription_id, attempt_id, event_id, bucket, type, kind, attempt, result, status, error,
                response, at, took_ms, now() + next_in
            FROM unnest($15::uuid[], $16::uuid[], $17::uuid[], $18::uuid[], $19::uuid[], $20::text[], $21::text[],
                $22::int[], $23::text[], $24::int[], $25::text[], $26::text[], $27::timestamptz[], $28::int[], $29::interval[])
                AS a (tenant_id, subscription_id, attempt_id, event_id, bucket, type, kind, attempt, result, status, error,
                    response, at, took_ms, next_in)
            -- A commit whose answer was lost is written again.
            ON CONFLICT DO NOTHING
        ), change AS MATERIALIZED (
            SELECT c.* FROM unnest($30::uuid[], $31::uuid[], $32::uuid[], $33::uuid[], $34::text[], $35::int[], $36::interval[])
                AS c (tenant_id, subscription_id, event_id, bucket, kind, attempts, next_in)
            JOIN mine USING (subscription_id)
        ), parked AS (
            INSERT INTO webhook_waiting (tenant_id, subscription_id, event_id, bucket, kind, attempts, due_at)
            SELECT tenant_id, subscription_id, event_id, bucket, kind, attempts, now() + next_in
            FROM change WHERE next_in IS NOT NULL
            ON CONFLICT (subscription_id, event_id) DO UPDATE
            SET kind = excluded.kind, attempts = excluded.attempts, due_at = excluded.due_at
        ), gone AS (
            DELETE FROM webhook_waiting w USING change c
            WHERE c.next_in IS NULL AND w.subscription_id = c.subscription_id AND w.event_id = c.event_id
        )
        SELECT subscription_id FROM mine
        """;

    private const string SwitchOff = """
        WITH off AS (
            UPDATE subscriptions SET state = 'disabled', reason = $2, stopped_at = now(), changed_at = now()
            WHERE subscription_id = $1 AND state = 'active' RETURNING tenant_id
        )
        INSERT INTO events (tenant_id, bucket, id, type, at, data)
        SELECT tenant_id, $3, $3, 'subscription.disabled', $4, $5::jsonb FROM off
        """;

    // A page of a window joins the waiting while few of them do; what waits already needs no second row.
    private const string Replay = """
        WITH running AS (
            SELECT r.* FROM webhook_replays r
            CROSS JOIN LATERAL (SELECT x.owner FROM subscription_places x
                WHERE x.subscription_id = r.subscription_id LIMIT 1) p
            WHERE r.ended_at IS NULL AND p.owner = $1
                AND (SELECT count(*) FROM webhook_waiting w WHERE w.subscription_id = r.subscription_id AND w.kind = 'replay') < $2
            FOR UPDATE OF r SKIP LOCKED
        ), page AS MATERIALIZED (
            SELECT r.replay_id, r.subscription_id, r.tenant_id, e.bucket, e.id, e.xid, e.wanted
            FROM running r
            CROSS JOIN LATERAL (SELECT x.types FROM subscriptions x WHERE x.subscription_id = r.subscription_id LIMIT 1) c
            CROSS JOIN LATERAL (
                SELECT x.*, cardinality(c.types) = 0 OR x.type = ANY (c.types)
                    OR split_part(x.type, '.', 1) || '.*' = ANY (c.types) AS wanted
                FROM events x WHERE x.tenant_id = r.tenant_id AND (x.xid, x.id) > (r.xid, r.after_id)
                    AND x.xid < r.before_xid AND x.xid < pg_snapshot_xmin(pg_current_snapshot())
                ORDER BY x.xid, x.id LIMIT $2) e
        ), queued AS (
            INSERT INTO webhook_waiting (tenant_id, subscription_id, event_id, bucket, kind, due_at)
            SELECT DISTINCT ON (subscription_id, id) tenant_id, subscription_id, id, bucket, 'replay', now()
            FROM page WHERE wanted ON CONFLICT DO NOTHING
        ), last AS (
            SELECT DISTINCT ON (replay_id) replay_id, xid, id, count(*) OVER (PARTITION BY replay_id) AS seen,
                count(*) FILTER (WHERE wanted) OVER (PARTITION BY replay_id) AS wanted
            FROM page ORDER BY replay_id, xid DESC, id DESC
        )
        UPDATE webhook_replays r
        SET xid = coalesce(l.xid, r.xid), after_id = coalesce(l.id, r.after_id), queued = r.queued + coalesce(l.wanted, 0),
            ended_at = CASE WHEN coalesce(l.seen, 0) < $2
                AND r.before_xid <= pg_snapshot_xmin(pg_current_snapshot()) THEN now() END
        FROM running x LEFT JOIN last l USING (replay_id) WHERE r.replay_id = x.replay_id
        """;

    /// <summary>Events of a window that wait at once.</summary>
    private const int ReplayPage = 200;

    /// <summary>Stores it all. The answer names the subscriptions that are still this replica's.</summary>
    public async Task<IReadOnlySet<Guid>> WriteAsync(
        IReadOnlyList<SendResult> results,
        IReadOnlyList<EndpointState> states,
        CancellationToken cancel
    )
    {
        // At most one row of a batch for each event and endpoint: the last word holds.
        var changes = results
            .Where(r => r.ChangesWaiting)
            .GroupBy(r => (r.Endpoint.Config.Id, r.Item.EventId))
            .Select(g => g.Last())
            .ToList();
        await using var command = ledger.CreateCommand(Write);
        var p = command.Parameters;
        p.AddOne(NpgsqlDbType.Uuid, book.Id);
        p.AddAll(NpgsqlDbType.Uuid, states, s => s.Endpoint.Config.Id);
        p.AddAll(NpgsqlDbType.Bigint, states, s => s.Endpoint.Fence);
        p.AddAll(NpgsqlDbType.Integer, states, s => s.Place.Epoch);
        p.AddAll(NpgsqlDbType.Xid8, states, s => s.Place.Xid);
        p.AddAll(NpgsqlDbType.Uuid, states, s => s.Place.AfterId);
        p.AddAll(NpgsqlDbType.Uuid, states, s => s.Place.LastBucket);
        p.AddAll(NpgsqlDbType.Uuid, states, s => s.Place.LastId);
        p.AddAll(NpgsqlDbType.Integer, states, s => s.Health.Failures);
        p.AddAll(NpgsqlDbType.TimestampTz, states, s => Utc(s.Health.FailingSince));
        p.AddAll(NpgsqlDbType.TimestampTz, states, s => Utc(s.Health.FailedAt));
        p.AddAll(NpgsqlDbType.TimestampTz, states, s => Utc(s.Health.SucceededAt));
        p.AddAll(NpgsqlDbType.Integer, states, s => s.Health.Rests);
        p.AddAll(NpgsqlDbType.TimestampTz, states, s => Utc(s.Health.RestsUntil));
        p.AddAll(NpgsqlDbType.Uuid, results, r => r.Endpoint.Config.Tenant);
        p.AddAll(NpgsqlDbType.Uuid, results, r => r.Endpoint.Config.Id);
        p.AddAll(NpgsqlDbType.Uuid, results, r => r.AttemptId);
        p.AddAll(NpgsqlDbType.Uuid, results, r => r.Item.EventId);
        p.AddAll(NpgsqlDbType.Uuid, results, r => r.Item.Bucket);
        p.AddAll(NpgsqlDbType.Text, results, r => r.Item.Told?.Type ?? "");
        p.AddAll(NpgsqlDbType.Text, results, r => r.Item.Kind);
        p.AddAll(NpgsqlDbType.Integer, results, r => r.Item.Tries + 1);
        p.AddAll(NpgsqlDbType.Text, results, r => r.Word);
        p.AddAll(NpgsqlDbType.Integer, results, r => r.Answer.Status);
        p.AddAll(NpgsqlDbType.Text, results, r => Storable(r.Answer.Error));
        p.AddAll(NpgsqlDbType.Text, results, r => Storable(r.Answer.Response));
        p.AddAll(NpgsqlDbType.TimestampTz, results, r => r.At.UtcDateTime);
        p.AddAll(NpgsqlDbType.Integer, results, r => (int)r.Took.TotalMilliseconds);
        p.AddAll(NpgsqlDbType.Interval, results, r => r.Next);
        p.AddAll(NpgsqlDbType.Uuid, changes, r => r.Endpoint.Config.Tenant);
        p.AddAll(NpgsqlDbType.Uuid, changes, r => r.Endpoint.Config.Id);
        p.AddAll(NpgsqlDbType.Uuid, changes, r => r.Item.EventId);
        p.AddAll(NpgsqlDbType.Uuid, changes, r => r.Item.Bucket);
        p.AddAll(NpgsqlDbType.Text, changes, r => r.Item.Kind == SendKind.Event ? SendKind.Retry : r.Item.Kind);
        p.AddAll(NpgsqlDbType.Integer, changes, r => r.Item.Tries + 1);
        p.AddAll(NpgsqlDbType.Interval, changes, r => r.Next);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var mine = new HashSet<Guid>();
        while (await reader.ReadAsync(cancel))
        {
            mine.Add(reader.GetGuid(0));
        }

        return mine;
    }

    /// <summary>Switches it off and tells the tenant, once.</summary>
    public async Task SwitchOffAsync(Endpoint endpoint, string reason, int? status, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        var data = new Dictionary<string, object?>
        {
            ["subscription_id"] = endpoint.Config.Id,
            ["reason"] = reason,
            ["status"] = status,
            ["failing_since"] = endpoint.Health.FailingSince,
        };
        await using var command = ledger.CreateCommand(SwitchOff);
        command.Parameters.AddOne(NpgsqlDbType.Uuid, endpoint.Config.Id);
        command.Parameters.AddOne(NpgsqlDbType.Text, reason);
        command.Parameters.AddOne(NpgsqlDbType.Uuid, LedgerId.New(now));
        command.Parameters.AddOne(NpgsqlDbType.TimestampTz, now.UtcDateTime);
        command.Parameters.AddOne(NpgsqlDbType.Text, JsonSerializer.Serialize(data));
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>Moves the running windows of this replica's subscriptions on; how many there were.</summary>
    public async Task<int> ReplayAsync(CancellationToken cancel)
    {
        await using var command = ledger.CreateCommand(Replay);
        command.Parameters.AddOne(NpgsqlDbType.Uuid, book.Id);
        command.Parameters.AddOne(NpgsqlDbType.Integer, ReplayPage);
        return await command.ExecuteNonQueryAsync(cancel);
    }

    private static DateTime? Utc(DateTimeOffset? time) => time?.UtcDateTime;

    /// <summary>A far server may say anything, NUL too, which PostgreSQL's text cannot hold.</summary>
    private static string? Storable(string? text) => text?.Replace("\0", "\uFFFD", StringComparison.Ordinal);
}
