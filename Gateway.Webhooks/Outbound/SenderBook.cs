using Gateway.Database;
using Gateway.Secrets;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Webhooks.Outbound;

/// <summary>Replicas share the subscriptions: each says that it lives, and owns a part of them until it falls silent.</summary>
internal sealed class SenderBook(
    [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger,
    MasterKey master,
    OutboundOptions options
)
{
    private const string Beat = """
        INSERT INTO webhook_senders (sender_id, alive_until) VALUES ($1, clock_timestamp() + $2)
        ON CONFLICT (sender_id) DO UPDATE SET alive_until = excluded.alive_until
        """;

    private const string Count = """
        SELECT (SELECT count(*)::int FROM webhook_senders WHERE alive_until > clock_timestamp()),
            (SELECT count(*)::int FROM subscription_places),
            (SELECT count(*)::int FROM subscription_places WHERE owner = $1)
        """;

    private const string Claim = """
        UPDATE subscription_places p SET owner = $1, fence = p.fence + 1
        FROM (
            SELECT x.subscription_id FROM subscription_places x
            WHERE x.owner IS NULL OR NOT EXISTS (
                SELECT FROM webhook_senders w WHERE w.sender_id = x.owner AND w.alive_until > clock_timestamp())
            ORDER BY x.subscription_id LIMIT $2 FOR UPDATE OF x SKIP LOCKED
        ) free
        WHERE p.subscription_id = free.subscription_id
        """;

    private const string Owned = "SELECT subscription_id FROM subscription_places WHERE owner = $1";

    private const string Changed = """
        SELECT s.subscription_id, s.tenant_id, s.url, s.state, s.stopped_at, s.version, s.secret_sealed, s.former_sealed,
            s.former_until, p.fence, p.epoch, p.xid, p.after_id, p.last_bucket, p.last_id, p.failures, p.failing_since,
            p.failed_at, p.succeeded_at, p.rests, p.rests_until, i.cell_epoch,
            (SELECT count(*)::int FROM webhook_waiting w WHERE w.subscription_id = p.subscription_id)
        FROM subscription_places p
        CROSS JOIN installation i
        CROSS JOIN LATERAL (SELECT * FROM subscriptions x WHERE x.subscription_id = p.subscription_id LIMIT 1) s
        LEFT JOIN unnest($2::uuid[], $3::bigint[], $4::bigint[]) AS k (subscription_id, version, fence)
            ON k.subscription_id = p.subscription_id
        WHERE p.owner = $1 AND (k.version IS DISTINCT FROM s.version OR k.fence IS DISTINCT FROM p.fence)
        """;

    private const string Release =
        "UPDATE subscription_places SET owner = NULL WHERE owner = $1 AND subscription_id = ANY ($2)";

    private const string Parked = """
        SELECT w.subscription_id, count(*)::int FROM webhook_waiting w
        WHERE w.subscription_id = ANY (ARRAY(SELECT p.subscription_id FROM subscription_places p WHERE p.owner = $1))
        GROUP BY 1
        """;

    private const string Leave = """
        WITH free AS (UPDATE subscription_places SET owner = NULL WHERE owner = $1)
        DELETE FROM webhook_senders WHERE sender_id = $1 OR alive_until < clock_timestamp() - interval '1 hour'
        """;

    public Guid Id { get; } = Guid.CreateVersion7();

    /// <summary>Says that this replica lives, takes its share of what is free, and tells how many it has too many.</summary>
    public async Task<int> KeepAsync(CancellationToken cancel)
    {
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { new(Beat), new(Count) } };
        batch.BatchCommands[0].Parameters.AddOne(NpgsqlDbType.Uuid, Id);
        batch.BatchCommands[0].Parameters.AddOne(NpgsqlDbType.Interval, options.AliveFor);
        batch.BatchCommands[1].Parameters.AddOne(NpgsqlDbType.Uuid, Id);
        int senders,
            all,
            mine;
        await using (var reader = await batch.ExecuteReaderAsync(cancel))
        {
            await reader.ReadAsync(cancel);
            (senders, all, mine) = (reader.GetInt32(0), reader.GetInt32(1), reader.GetInt32(2));
        }

        var share = Math.Min((all + senders - 1) / Math.Max(senders, 1), options.MaxEndpoints);
        if (mine < share)
        {
            await using var claim = new NpgsqlCommand(Claim, connection);
            claim.Parameters.AddOne(NpgsqlDbType.Uuid, Id);
            claim.Parameters.AddOne(NpgsqlDbType.Integer, share - mine);
            await claim.ExecuteNonQueryAsync(cancel);
        }

        return Math.Max(0, mine - share);
    }

    /// <summary>All that this replica owns by id, and in full what it does not know, or knows differently.</summary>
    public async Task<(IReadOnlySet<Guid> Owned, IReadOnlyList<OwnedSubscription> Changed)> ReadAsync(
        IReadOnlyCollection<(Guid Id, long Version, long Fence)> known,
        CancellationToken cancel
    )
    {
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { new(Changed), new(Owned) } };
        var parameters = batch.BatchCommands[0].Parameters;
        parameters.AddOne(NpgsqlDbType.Uuid, Id);
        parameters.AddAll(NpgsqlDbType.Uuid, known, k => k.Id);
        parameters.AddAll(NpgsqlDbType.Bigint, known, k => k.Version);
        parameters.AddAll(NpgsqlDbType.Bigint, known, k => k.Fence);
        batch.BatchCommands[1].Parameters.AddOne(NpgsqlDbType.Uuid, Id);
        await using var reader = await batch.ExecuteReaderAsync(cancel);
        var changed = new List<OwnedSubscription>();
        while (await reader.ReadAsync(cancel))
        {
            changed.Add(Read(reader));
        }

        await reader.NextResultAsync(cancel);
        var owned = new HashSet<Guid>();
        while (await reader.ReadAsync(cancel))
        {
            owned.Add(reader.GetGuid(0));
        }

        return (owned, changed);
    }

    public async Task ReleaseAsync(IReadOnlyList<Guid> subscriptions, CancellationToken cancel)
    {
        await using var command = ledger.CreateCommand(Release);
        command.Parameters.AddOne(NpgsqlDbType.Uuid, Id);
        command.Parameters.AddOne(NpgsqlDbType.Array | NpgsqlDbType.Uuid, subscriptions.ToArray());
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>How many events wait for another try, by subscription.</summary>
    public async Task<IReadOnlyDictionary<Guid, int>> CountParkedAsync(CancellationToken cancel)
    {
        await using var command = ledger.CreateCommand(Parked);
        command.Parameters.AddOne(NpgsqlDbType.Uuid, Id);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var counted = new Dictionary<Guid, int>();
        while (await reader.ReadAsync(cancel))
        {
            counted[reader.GetGuid(0)] = reader.GetInt32(1);
        }

        return counted;
    }

    /// <summary>This replica stops: others may take up at once what it had.</summary>
    public async Task LeaveAsync(CancellationToken cancel)
    {
        await using var command = ledger.CreateCommand(Leave);
        command.Parameters.AddOne(NpgsqlDbType.Uuid, Id);
        await command.ExecuteNonQueryAsync(cancel);
    }

    private OwnedSubscription Read(NpgsqlDataReader row)
    {
        var (id, tenant) = (row.GetGuid(0), row.GetGuid(1));
        var former = row.GetFieldValue<byte[][]>(7).Zip(row.GetFieldValue<DateTimeOffset[]>(8));
        var config = new SubscriptionConfig(
            id,
            tenant,
            new Uri(row.GetString(2)),
            row.GetString(3),
            row.TimeOrNull(4),
            row.GetInt64(5),
            SubscriptionConfig.Open(master, tenant, id, row.GetFieldValue<byte[]>(6), former)
        );
        var place = new EventPlace(
            row.GetInt32(10),
            row.GetFieldValue<ulong>(11),
            row.GetGuid(12),
            row.GetGuid(13),
            row.GetGuid(14)
        );
        var health = new EndpointHealth(
            row.GetInt32(15),
            row.TimeOrNull(16),
            row.TimeOrNull(17),
            row.TimeOrNull(18),
            row.GetInt32(19),
            row.TimeOrNull(20)
        );
        return new OwnedSubscription(config, row.GetInt64(9), place, health, row.GetInt32(21), row.GetInt32(22));
    }
}

/// <param name="Epoch">The ledger's own, now.</param>
/// <param name="Parked">Rows that wait for another try.</param>
internal sealed record OwnedSubscription(
    SubscriptionConfig Config,
    long Fence,
    EventPlace Place,
    EndpointHealth Health,
    int Epoch,
    int Parked
);
