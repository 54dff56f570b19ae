using System.Text.Json;
using Gateway.Api.Reading;
using Gateway.Ledger;
using Gateway.Secrets;
using Gateway.Subscriptions;
using Gateway.Tenants;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Api.Subscriptions;

/// <summary>A tenant's subscriptions in the ledger. A change locks the tenant's row first and stands in the audit.</summary>
internal sealed class SubscriptionBook(TenantLedger ledger, MasterKey master, TimeProvider clock)
{
    /// <summary>Of one tenant.</summary>
    public const int MostSubscriptions = 50;

    /// <summary>Secrets that sign at once: each makes every request longer.</summary>
    public const int MostSecrets = 5;

    private const string Columns = """
        s.subscription_id, s.url, s.description, s.types, s.state, s.reason, s.stopped_at, s.created_at, s.changed_at,
        p.succeeded_at, p.failed_at, p.failing_since, p.rests_until, s.former_until,
        (SELECT count(*)::int FROM webhook_waiting w WHERE w.tenant_id = $1 AND w.subscription_id = s.subscription_id)
        """;

    private const string List = $"""
        SELECT {Columns} FROM subscriptions s
        LEFT JOIN subscription_places p ON p.tenant_id = $1 AND p.subscription_id = s.subscription_id
        WHERE s.tenant_id = $1 AND s.subscription_id < $2 ORDER BY s.subscription_id DESC LIMIT $3
        """;

    private const string Get = $"""
        SELECT {Columns} FROM subscriptions s
        LEFT JOIN subscription_places p ON p.tenant_id = $1 AND p.subscription_id = s.subscription_id
        WHERE s.tenant_id = $1 AND s.subscription_id = $2
        """;

    private const string LockTenant = "SELECT 1 FROM tenants WHERE tenant_id = $1 FOR NO KEY UPDATE";
    private const string Count = "SELECT count(*)::int FROM subscriptions WHERE tenant_id = $1";

    private const string Insert = """
        INSERT INTO subscriptions (subscription_id, tenant_id, url, description, types, secret_sealed)
        VALUES ($2, $1, $3, $4, $5, $6)
        """;

    // Whatever ended before this moment it will not be told; the tenant's last event marks the place for another epoch.
    private const string Place = """
        INSERT INTO subscription_places (subscription_id, tenant_id, epoch, xid, after_id, last_bucket, last_id)
        SELECT $2, $1, i.cell_epoch, (pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1)::text::xid8, $3,
            coalesce(e.bucket, $4), coalesce(e.id, $4)
        FROM installation i LEFT JOIN LATERAL (
            SELECT x.bucket, x.id FROM events x
            WHERE x.tenant_id = $1 AND x.xid < pg_snapshot_xmin(pg_current_snapshot())
            ORDER BY x.xid DESC, x.id DESC LIMIT 1) e ON true
        """;

    private const string Change = """
        UPDATE subscriptions SET url = coalesce($3, url), types = coalesce($4, types),
            description = CASE WHEN $5 THEN $6 ELSE description END,
            reason = CASE WHEN $7 IS NULL THEN reason END,
            stopped_at = CASE WHEN $7 = 'paused' AND state <> 'paused' THEN now() ELSE stopped_at END,
            state = coalesce($7, state), changed_at = now()
        WHERE tenant_id = $1 AND subscription_id = $2
        """;

    /// <summary>Whoever resumes says that the endpoint works: what waits for another try need wait no longer.</summary>
    private const string Hurry =
        "UPDATE webhook_waiting SET due_at = now() WHERE tenant_id = $1 AND subscription_id = $2 AND due_at > now()";

    private const string Rotate = """
        UPDATE subscriptions SET secret_sealed = $3, overlap = $4, changed_at = now()
        WHERE tenant_id = $1 AND subscription_id = $2
        """;

    // The place first, as the sender locks it first.
    private static readonly string[] Remove =
    [
        "DELETE FROM subscription_places WHERE tenant_id = $1 AND subscription_id = $2",
        "DELETE FROM webhook_waiting WHERE tenant_id = $1 AND subscription_id = $2",
        "DELETE FROM webhook_replays WHERE tenant_id = $1 AND subscription_id = $2",
        "DELETE FROM subscriptions WHERE tenant_id = $1 AND subscription_id = $2",
    ];

    private const string Note = """
        INSERT INTO audit (audit_id, tenant_id, actor, action, target, data) VALUES ($2, $1, $3, $4, $5, $6::jsonb)
        """;

    public Task<SubscriptionPage> ListAsync(Guid tenant, Guid below, int limit, CancellationToken cancel) =>
        ledger.ReadAsync(
            tenant,
            [Statement.Of(List, tenant).With(below).With(limit + 1)],
            async reader =>
            {
                var items = new List<SubscriptionView>();
                while (await reader.ReadAsync(cancel))
                {
                    items.Add(Read(reader));
                }

                var more = items.Count > limit;
                return new SubscriptionPage(
                    more ? items[..limit] : items,
                    more ? IdCursor.Write(items[limit - 1].Id) : null
                );
            },
            cancel
        );

    public Task<SubscriptionView?> FindAsync(Guid tenant, Guid id, CancellationToken cancel) =>
        ledger.ReadAsync(
            tenant,
            [Statement.Of(Get, tenant).With(id)],
            async reader => await reader.ReadAsync(cancel) ? Read(reader) : null,
            cancel
        );

    /// <summary>The new subscription with its secret; null where the tenant has as many as it may.</summary>
    public async Task<SubscriptionView?> CreateAsync(Caller caller, SubscriptionWish wish, CancellationToken cancel)
    {
        var (tenant, id, secret) = (caller.Tenant.Id, LedgerId.New(clock.GetUtcNow()), WebhookSecret.Generate());
        var count = await ledger.ChangeAsync(
            tenant,
            [Statement.Of(LockTenant, tenant), Statement.Of(Count, tenant)],
            async reader =>
            {
                await reader.NextResultAsync(cancel);
                await reader.ReadAsync(cancel);
                return new Counted(reader.GetInt32(0));
            },
            counted =>
                counted.Value >= MostSubscriptions
                    ? []
                    :
                    [
                        Statement
                            .Of(Insert, tenant)
                            .With(id)
                            .With(wish.Url!)
                            .With(NpgsqlDbType.Text, wish.Description)
                            .With((wish.Types ?? []).ToArray())
                            .With(master.Seal(secret, WebhookSecret.Place(tenant, id))),
                        Statement.Of(Place, tenant).With(id).With(LedgerIds.Highest).With(Guid.Empty),
                        Audit(caller, "subscription.create", id, wish),
                    ],
            cancel
        );
        return count!.Value >= MostSubscriptions
            ? null
            : (await FindAsync(tenant, id, cancel))! with
            {
                Secret = WebhookSecret.ToText(secret),
            };
    }

    public Task<SubscriptionView?> ChangeAsync(
        Caller caller,
        Guid id,
        SubscriptionWish wish,
        CancellationToken cancel
    ) =>
        ApplyAsync(
            caller.Tenant.Id,
            id,
            before =>
            {
                var tenant = caller.Tenant.Id;
                List<NpgsqlBatchCommand> writes =
                [
                    Statement
                        .Of(Change, tenant)
                        .With(id)
                        .With(NpgsqlDbType.Text, wish.Url)
                        .With(NpgsqlDbType.Array | NpgsqlDbType.Text, wish.Types?.ToArray())
                        .With(wish.SaysDescription)
                        .With(NpgsqlDbType.Text, wish.Description)
                        .With(NpgsqlDbType.Text, wish.State),
                    Audit(caller, "subscription.change", id, wish),
                ];
                if (wish.State == "active" && before.State != "active")
                {
                    writes.Add(Statement.Of(Hurry, tenant).With(id));
                }

                return writes;
            },
            cancel
        );

    /// <summary>A new secret beside the present one; the flag says that too many sign already. Null: no such subscription.</summary>
    public async Task<(SubscriptionView View, bool IsTooMany)?> RotateAsync(
        Caller caller,
        Guid id,
        TimeSpan overlap,
        CancellationToken cancel
    )
    {
        var (tenant, secret, tooMany) = (caller.Tenant.Id, WebhookSecret.Generate(), false);
        var after = await ApplyAsync(
            tenant,
            id,
            before =>
            {
                tooMany = overlap > TimeSpan.Zero && before.FormerSecretsUntil.Count >= MostSecrets - 1;
                return tooMany
                    ? []
                    :
                    [
                        Statement
                            .Of(Rotate, tenant)
                            .With(id)
                            .With(master.Seal(secret, WebhookSecret.Place(tenant, id)))
                            .With(overlap),
                        Audit(caller, "subscription.rotate", id, null),
                    ];
            },
            cancel
        );
        return after is null ? null
            : tooMany ? (after, true)
            : (after with { Secret = WebhookSecret.ToText(secret) }, false);
    }

    public async Task<bool> RemoveAsync(Caller caller, Guid id, CancellationToken cancel)
    {
        var tenant = caller.Tenant.Id;
        var found = await ledger.ChangeAsync(
            tenant,
            [Statement.Of(LockTenant, tenant), Statement.Of(Get, tenant).With(id)],
            reader => ReadSecondAsync(reader, cancel),
            _ =>
                [
                    .. Remove.Select(sql => Statement.Of(sql, tenant).With(id)),
                    Audit(caller, "subscription.delete", id, null),
                ],
            cancel
        );
        return found is not null;
    }

    private async Task<SubscriptionView?> ApplyAsync(
        Guid tenant,
        Guid id,
        Func<SubscriptionView, IReadOnlyList<NpgsqlBatchCommand>> decide,
        CancellationToken cancel
    )
    {
        var found = await ledger.ChangeAsync(
            tenant,
            [Statement.Of(LockTenant, tenant), Statement.Of(Get, tenant).With(id)],
            reader => ReadSecondAsync(reader, cancel),
            decide,
            cancel
        );
        return found is null ? null : await FindAsync(tenant, id, cancel);
    }

    private async Task<SubscriptionView?> ReadSecondAsync(NpgsqlDataReader reader, CancellationToken cancel)
    {
        await reader.NextResultAsync(cancel);
        return await reader.ReadAsync(cancel) ? Read(reader) : null;
    }

    private NpgsqlBatchCommand Audit(Caller caller, string action, Guid id, SubscriptionWish? wish) =>
        Statement
            .Of(Note, caller.Tenant.Id)
            .With(LedgerId.New(clock.GetUtcNow()))
            .With($"key:{caller.KeyId}")
            .With(action)
            .With(id.ToString())
            // Never the URL: it may hold a secret of the tenant's.
            .With(JsonSerializer.Serialize(new { types = wish?.Types, state = wish?.State }));

    private SubscriptionView Read(NpgsqlDataReader row) =>
        new(
            row.GetGuid(0),
            row.GetString(1),
            row.TextOrNull(2),
            row.GetFieldValue<string[]>(3),
            row.GetString(4),
            row.TextOrNull(5),
            row.GetString(4) == "active" ? null : row.TimeOrNull(6),
            row.Time(7),
            row.Time(8),
            row.TimeOrNull(9),
            row.TimeOrNull(10),
            row.TimeOrNull(11),
            row.TimeOrNull(12) is { } rests && rests > clock.GetUtcNow() ? rests : null,
            row.GetInt32(14),
            [.. row.GetFieldValue<DateTimeOffset[]>(13).Where(until => until > clock.GetUtcNow())]
        );

    private sealed record Counted(int Value);
}
