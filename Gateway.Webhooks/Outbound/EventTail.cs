using Gateway.Database;
using Gateway.Ledger;
using Gateway.Subscriptions;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Webhooks.Outbound;

/// <summary>An endpoint that asks for what comes after its place.</summary>
/// <param name="Whole">Look at all days; else only at recent ones, and read where these have something.</param>
internal readonly record struct TailRequest(Guid Subscription, Guid Tenant, EventPlace After, bool Whole);

/// <summary>An event past the place; without an item where the subscription does not want its type.</summary>
/// <param name="Version">Of the subscription in the same snapshot: what was read under a newer one is not sent under an older.</param>
internal readonly record struct TailRow(int Request, long Version, Slot Slot, Outgoing? Item);

/// <summary>A waiting event that is due.</summary>
internal readonly record struct DueRow(int Request, long Version, Outgoing Item);

/// <summary>
/// Reads what is to be told: new events of many subscriptions in one round trip, and single ones that are due again. New
/// ones only of transactions older than every running one, so that nothing appears behind a place afterwards (D9).
/// </summary>
internal sealed class EventTail([FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger, TimeProvider clock)
{
    /// <summary>Events of one subscription in one look.</summary>
    public const int PageSize = 64;

    /// <summary>Waiting rows of one subscription in one load.</summary>
    public const int DuePageSize = 32;

    // Of each event the same as GET /v1/events shows, and the trace of its message. Look-ups by whole keys.
    private const string Shown = """
        LEFT JOIN LATERAL (SELECT x.recipient FROM deliveries x
            WHERE wanted AND x.tenant_id = s.tenant_id AND x.message_id = e.message_id AND x.delivery_id = e.delivery_id
            LIMIT 1) d ON true
        LEFT JOIN LATERAL (SELECT x.traceparent FROM messages x
            WHERE wanted AND x.tenant_id = s.tenant_id AND x.message_id = e.message_id LIMIT 1) m ON true
        """;

    private const string New = $"""
        SELECT s.n, e.id, e.bucket, e.type, e.message_id, e.delivery_id, d.recipient, e.sequence, e.state, e.at,
            CASE WHEN wanted THEN e.data::text END, m.traceparent, e.xid, wanted, c.version
        FROM unnest($1::int[], $2::uuid[], $3::uuid[], $4::xid8[], $5::uuid[], $6::boolean[])
            AS s (n, subscription_id, tenant_id, xid, after_id, whole)
        CROSS JOIN LATERAL (SELECT x.types, x.version FROM subscriptions x
            WHERE x.subscription_id = s.subscription_id LIMIT 1) c
        CROSS JOIN LATERAL (SELECT 1 WHERE s.whole OR EXISTS (
            SELECT FROM events x WHERE x.tenant_id = s.tenant_id AND (x.xid, x.id) > (s.xid, s.after_id)
                AND x.xid < pg_snapshot_xmin(pg_current_snapshot()) AND x.bucket >= $7 OFFSET 0)) hint
        CROSS JOIN LATERAL (
            SELECT x.*, cardinality(c.types) = 0 OR x.type = ANY (c.types) OR split_part(x.type, '.', 1) || '.*' = ANY (c.types)
                AS wanted
            FROM events x WHERE x.tenant_id = s.tenant_id AND (x.xid, x.id) > (s.xid, s.after_id)
                AND x.xid < pg_snapshot_xmin(pg_current_snapshot())
            ORDER BY x.xid, x.id LIMIT $8) e
        {Shown}
        ORDER BY s.n, e.xid, e.id
        """;

    private const string Due = $"""
        SELECT s.n, w.event_id, w.bucket, e.type, e.message_id, e.delivery_id, d.recipient, e.sequence, e.state, e.at,
            e.data::text, m.traceparent, w.kind, w.attempts, c.version
        FROM unnest($1::int[], $2::uuid[], $3::uuid[], $4::boolean[]) AS s (n, subscription_id, tenant_id, active)
        CROSS JOIN LATERAL (
            (SELECT x.* FROM webhook_waiting x WHERE s.active AND x.subscription_id = s.subscription_id AND x.due_at <= now()
                ORDER BY x.due_at LIMIT $5)
            UNION ALL
            (SELECT x.* FROM webhook_waiting x WHERE NOT s.active AND x.subscription_id = s.subscription_id AND x.kind = 'test'
                LIMIT 1)) w
        CROSS JOIN LATERAL (SELECT x.version FROM subscriptions x WHERE x.subscription_id = s.subscription_id LIMIT 1) c
        LEFT JOIN LATERAL (SELECT x.*, true AS wanted FROM events x
            WHERE x.tenant_id = s.tenant_id AND x.bucket = w.bucket AND x.id = w.event_id LIMIT 1) e ON true
        {Shown}
        ORDER BY s.n, w.due_at
        """;

    private const string Translate = "SELECT xid FROM events WHERE tenant_id = $1 AND bucket = $2 AND id = $3";

    private const string PlaceOfTime = """
        SELECT c.oldest FROM event_clock c, installation i WHERE c.epoch = i.cell_epoch AND c.at <= $1
        ORDER BY c.at DESC LIMIT 1
        """;

    // Once a minute, by whichever replica comes first.
    private const string Tick = """
        WITH old AS (DELETE FROM event_clock WHERE at < now() - interval '32 days')
        INSERT INTO event_clock (at, epoch, oldest, next)
        SELECT date_trunc('minute', now()), cell_epoch, pg_snapshot_xmin(s), pg_snapshot_xmax(s)
        FROM installation, pg_current_snapshot() s ON CONFLICT DO NOTHING
        """;

    /// <summary>Days whose events are looked at in every look: nearly all news is of mail this young.</summary>
    private static readonly TimeSpan Recent = TimeSpan.FromDays(2);

    public async Task<IReadOnlyList<TailRow>> ReadNewAsync(IReadOnlyList<TailRequest> asked, CancellationToken cancel)
    {
        await using var command = ledger.CreateCommand(New);
        var p = command.Parameters;
        p.AddOne(NpgsqlDbType.Array | NpgsqlDbType.Integer, Enumerable.Range(0, asked.Count).ToArray());
        p.AddAll(NpgsqlDbType.Uuid, asked, a => a.Subscription);
        p.AddAll(NpgsqlDbType.Uuid, asked, a => a.Tenant);
        p.AddAll(NpgsqlDbType.Xid8, asked, a => a.After.Xid);
        p.AddAll(NpgsqlDbType.Uuid, asked, a => a.After.AfterId);
        p.AddAll(NpgsqlDbType.Boolean, asked, a => a.Whole);
        p.AddOne(NpgsqlDbType.Uuid, LedgerId.FirstOf(clock.GetUtcNow() - Recent));
        p.AddOne(NpgsqlDbType.Integer, PageSize);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var rows = new List<TailRow>();
        while (await reader.ReadAsync(cancel))
        {
            var (n, id, bucket) = (reader.GetInt32(0), reader.GetGuid(1), reader.GetGuid(2));
            var place = EventPlace.After(asked[n].After.Epoch, reader.GetFieldValue<ulong>(12), bucket, id);
            var slot = new Slot(place, reader.GetFieldValue<DateTimeOffset>(9));
            var item = reader.GetBoolean(13)
                ? new Outgoing(id, bucket, SendKind.Event, 0, ReadTold(reader, id), reader.TextOrNull(11), slot)
                : null;
            rows.Add(new TailRow(n, reader.GetInt64(14), slot, item));
        }

        return rows;
    }

    /// <summary>What waits and is due, oldest first; of a subscription that is not active only tests.</summary>
    public async Task<IReadOnlyList<DueRow>> ReadDueAsync(
        IReadOnlyList<(Guid Subscription, Guid Tenant, bool IsActive)> asked,
        CancellationToken cancel
    )
    {
        await using var command = ledger.CreateCommand(Due);
        var p = command.Parameters;
        p.AddOne(NpgsqlDbType.Array | NpgsqlDbType.Integer, Enumerable.Range(0, asked.Count).ToArray());
        p.AddAll(NpgsqlDbType.Uuid, asked, a => a.Subscription);
        p.AddAll(NpgsqlDbType.Uuid, asked, a => a.Tenant);
        p.AddAll(NpgsqlDbType.Boolean, asked, a => a.IsActive);
        p.AddOne(NpgsqlDbType.Integer, DuePageSize);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var rows = new List<DueRow>();
        while (await reader.ReadAsync(cancel))
        {
            var (n, id, kind) = (reader.GetInt32(0), reader.GetGuid(1), reader.GetString(12));
            var told =
                kind == SendKind.Test ? WebhookTest.Of(id, asked[n].Subscription)
                : reader.IsDBNull(3) ? null
                : ReadTold(reader, id);
            var item = new Outgoing(
                id,
                reader.GetGuid(2),
                kind,
                reader.GetInt32(13),
                told,
                reader.TextOrNull(11),
                null
            );
            rows.Add(new DueRow(n, reader.GetInt64(14), item));
        }

        return rows;
    }

    /// <summary>The same place in a ledger that was restored elsewhere; its beginning where the event is not in it.</summary>
    public async Task<EventPlace> TranslateAsync(Guid tenant, EventPlace place, int epoch, CancellationToken cancel)
    {
        await using var command = ledger.CreateCommand(Translate);
        command.Parameters.AddOne(NpgsqlDbType.Uuid, tenant);
        command.Parameters.AddOne(NpgsqlDbType.Uuid, place.LastBucket);
        command.Parameters.AddOne(NpgsqlDbType.Uuid, place.LastId);
        return await command.ExecuteScalarAsync(cancel) is ulong xid
            ? EventPlace.After(epoch, xid, place.LastBucket, place.LastId)
            : new EventPlace(epoch, 0, Guid.Empty, Guid.Empty, Guid.Empty);
    }

    /// <summary>A place before every event that was written after that time; null where nobody knows.</summary>
    public async Task<ulong?> PlaceOfAsync(DateTimeOffset time, CancellationToken cancel)
    {
        await using var command = ledger.CreateCommand(PlaceOfTime);
        command.Parameters.AddOne(NpgsqlDbType.TimestampTz, time.UtcDateTime);
        return await command.ExecuteScalarAsync(cancel) is ulong xid ? xid : null;
    }

    public async Task TickAsync(CancellationToken cancel)
    {
        await using var command = ledger.CreateCommand(Tick);
        await command.ExecuteNonQueryAsync(cancel);
    }

    private static WebhookEvent ReadTold(NpgsqlDataReader r, Guid id) =>
        new(
            id,
            r.GetString(3),
            r.IdOrNull(4),
            r.IdOrNull(5),
            r.TextOrNull(6),
            r.NumberOrNull(7),
            r.TextOrNull(8),
            r.GetFieldValue<DateTimeOffset>(9),
            r.TextOrNull(10)
        );
}
