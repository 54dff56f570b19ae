using Gateway.Api.Manage;
using Gateway.Api.Reading;
using Gateway.Ledger;
using Gateway.Tenants;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Api.Subscriptions;

/// <summary>What is to be sent again: events by id, else a window.</summary>
internal sealed record ReplayWish(IReadOnlyList<Guid>? Events, DateTimeOffset Since, DateTimeOffset Until)
{
    public const int MostEvents = 100;

    public static ReplayWish Read(BodyFields fields, DateTimeOffset now)
    {
        const string accepted = "ids of events as in webhook-id";
        var oldest = now - TryLog.Kept;
        var given = fields.Texts("events", MostEvents, accepted);
        var since = fields.Time("since", oldest - TimeSpan.FromMinutes(1), now);
        var until = fields.Time("until", since ?? oldest, now + TimeSpan.FromMinutes(1)) ?? now;
        if (given is null)
        {
            if (since is null && !fields.Has("since"))
            {
                fields.Refuse(
                    "since",
                    null,
                    "either events, or the begin of a window, at most 30 days ago",
                    "required"
                );
            }

            return new(null, since ?? now, until);
        }

        if (fields.Has("since") || fields.Has("until") || given.Count == 0)
        {
            fields.Refuse("events", null, $"either 1 to {MostEvents} events, or a window");
        }

        var ids = new List<Guid>();
        foreach (var (at, text) in given.Index())
        {
            if (LedgerIds.TryParse(text, out var id))
            {
                ids.Add(id);
            }
            else
            {
                fields.Refuse($"events[{at}]", text, accepted);
            }
        }

        return new(ids, now, now);
    }
}

/// <summary>Sends again what was told before: the sender does it, beside what is new.</summary>
internal sealed class Replays(TenantLedger ledger, TimeProvider clock)
{
    /// <summary>Windows of one subscription that run at once.</summary>
    public const int MostRunning = 5;

    private const string Lock = """
        SELECT state, (SELECT count(*)::int FROM webhook_replays r
            WHERE r.tenant_id = $1 AND r.subscription_id = $2 AND r.ended_at IS NULL)
        FROM subscriptions WHERE tenant_id = $1 AND subscription_id = $2
        """;

    // The log of this subscription knows the event's place in the ledger.
    private const string Queue = """
        INSERT INTO webhook_waiting (tenant_id, subscription_id, event_id, bucket, kind, due_at)
        SELECT $1, $2, w.id, t.bucket, 'replay', now() FROM unnest($3) AS w (id)
        CROSS JOIN LATERAL (SELECT x.bucket FROM webhook_deliveries x
            WHERE x.subscription_id = $2 AND x.tenant_id = $1 AND x.event_id = w.id AND x.kind <> 'test'
                AND x.attempt_id >= $4 LIMIT 1) t
        ON CONFLICT (subscription_id, event_id) DO UPDATE SET due_at = now()
        RETURNING event_id
        """;

    // The minutes known before and after bound the window in the order of the events. None known before: from the first.
    private const string Begin = """
        INSERT INTO webhook_replays (replay_id, subscription_id, tenant_id, since, until, xid, after_id, before_xid)
        SELECT $3, $2, $1, $4, $5,
            coalesce((SELECT c.oldest FROM event_clock c WHERE c.epoch = i.cell_epoch AND c.at <= $4 - interval '1 minute'
                ORDER BY c.at DESC LIMIT 1), '0'::xid8), $6,
            coalesce((SELECT c.next FROM event_clock c WHERE c.epoch = i.cell_epoch AND c.at >= $5
                ORDER BY c.at LIMIT 1), pg_snapshot_xmax(pg_current_snapshot()))
        FROM installation i
        """;

    private const string Ring = "SELECT pg_notify('gw_subscriptions', '')";

    private const string List = """
        SELECT replay_id, since, until, ended_at, queued, created_at FROM webhook_replays
        WHERE tenant_id = $1 AND subscription_id = $2 ORDER BY replay_id DESC LIMIT 50
        """;

    /// <summary>The ids that were put in line; null where there is no such subscription.</summary>
    public async Task<IReadOnlyList<Guid>> QueueAsync(
        Caller caller,
        Guid subscription,
        IReadOnlyList<Guid> events,
        CancellationToken cancel
    )
    {
        var tenant = caller.Tenant.Id;
        var queued = await ledger.ChangeAsync(
            tenant,
            [
                Statement
                    .Of(Queue, tenant)
                    .With(subscription)
                    .With(events.ToArray())
                    .With(LedgerIds.From(clock.GetUtcNow() - TryLog.Kept)),
            ],
            async reader =>
            {
                var ids = new List<Guid>();
                while (await reader.ReadAsync(cancel))
                {
                    ids.Add(reader.GetGuid(0));
                }

                return ids.Count == 0 ? null : ids;
            },
            _ => [new NpgsqlBatchCommand(Ring)],
            cancel
        );
        return queued ?? [];
    }

    /// <summary>The window as it was taken up; null where as many as may run already.</summary>
    public async Task<ReplayView?> BeginAsync(Guid tenant, Guid subscription, ReplayWish wish, CancellationToken cancel)
    {
        var (now, id) = (clock.GetUtcNow(), LedgerId.New(clock.GetUtcNow()));
        var found = await ledger.ChangeAsync(
            tenant,
            [Statement.Of(Lock, tenant).With(subscription)],
            async reader => await reader.ReadAsync(cancel) ? new Running(reader.GetInt32(1)) : null,
            running =>
                running.Count >= MostRunning
                    ? []
                    :
                    [
                        Statement
                            .Of(Begin, tenant)
                            .With(subscription)
                            .With(id)
                            .With(NpgsqlDbType.TimestampTz, wish.Since.UtcDateTime)
                            .With(NpgsqlDbType.TimestampTz, wish.Until.UtcDateTime)
                            .With(Guid.Empty),
                    ],
            cancel
        );
        return found is null || found.Count >= MostRunning
            ? null
            : new ReplayView(id, wish.Since, wish.Until, "running", 0, now, null);
    }

    public Task<ReplayPage> ListAsync(Guid tenant, Guid subscription, CancellationToken cancel) =>
        ledger.ReadAsync(
            tenant,
            [Statement.Of(List, tenant).With(subscription)],
            async reader =>
            {
                var items = new List<ReplayView>();
                while (await reader.ReadAsync(cancel))
                {
                    var ended = reader.TimeOrNull(3);
                    items.Add(
                        new(
                            reader.GetGuid(0),
                            reader.Time(1),
                            reader.Time(2),
                            ended is null ? "running" : "done",
                            reader.GetInt64(4),
                            reader.Time(5),
                            ended
                        )
                    );
                }

                return new ReplayPage(items, null);
            },
            cancel
        );

    private sealed record Running(int Count);
}
