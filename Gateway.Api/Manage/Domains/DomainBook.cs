using Dapper;
using Gateway.Database;
using Gateway.Domains;
using Gateway.Ledger;
using Gateway.Secrets;
using Npgsql;

namespace Gateway.Api.Manage.Domains;

/// <summary>What a tenant's door reads and writes of its claims and keys.</summary>
internal sealed class DomainBook(
    [FromKeyedServices(LedgerRole.Door)] NpgsqlDataSource ledger,
    MasterKey master,
    DomainOptions options,
    TimeProvider clock
)
{
    /// <summary>Claims of one tenant; a platform with more customers than this gives them tenants of their own.</summary>
    public const int MostClaims = 1_000;

    private const string Insert = """
        INSERT INTO sending_domains (domain_id, tenant_id, domain, state, challenge, claimed_at, next_check_at)
        SELECT @id, @tenant, @domain, 'pending', @challenge, @now, @next
        WHERE (SELECT count(*) FROM sending_domains WHERE tenant_id = @tenant AND state <> 'removed') < @most
        ON CONFLICT (tenant_id, domain) WHERE state <> 'removed' DO NOTHING
        """;

    private const string InsertKey = """
        INSERT INTO dkim_keys (tenant_id, domain, selector, algorithm, private_sealed, public_record, target,
            next_check_at)
        VALUES (@tenant, @domain, @Selector, @Algorithm, @PrivateSealed, @PublicRecord, @Target, @now)
        """;

    private const string Remove = """
        WITH gone AS (
            UPDATE sending_domains SET state = 'removed', removed_at = @now, next_check_at = NULL, version = version + 1
            WHERE tenant_id = @tenant AND domain_id = @id AND state <> 'removed' RETURNING domain
        ), keys AS (
            UPDATE dkim_keys k SET state = 'retired', next_check_at = NULL, problem = NULL,
                publish_until = @now + @stays + make_interval(secs => coalesce(k.ttl_seconds, 0))
            FROM gone WHERE k.tenant_id = @tenant AND k.domain = gone.domain AND k.state <> 'retired'
        )
        INSERT INTO events (tenant_id, bucket, id, type, at, data)
        SELECT @tenant, @event, @event, 'domain.removed', @now,
            jsonb_build_object('domain', domain, 'domain_id', @id::text, 'state', 'removed')
        FROM gone
        """;

    /// <summary>The tenant's claim of the name: a new one with its keys, or the one there is; null where there are too many.</summary>
    public async Task<(Guid Id, bool IsNew)?> ClaimAsync(
        Guid tenant,
        string domain,
        bool withEd25519,
        CancellationToken cancel
    )
    {
        var now = clock.GetUtcNow();
        var id = LedgerId.New(now);
        if (await FindAsync(tenant, domain, cancel) is { } known)
        {
            return (known, false);
        }

        string[] algorithms = withEd25519 ? [NewDkimKey.Rsa, NewDkimKey.Ed25519] : [NewDkimKey.Rsa];
        var keys = algorithms.Select(a => NewDkimKey.Make(master, tenant, domain, a, options.DkimZone)).ToArray();
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        await using var transaction = await DomainStore.BeginAsync(connection, tenant, cancel);
        var claim = new
        {
            id,
            tenant,
            domain,
            challenge = Challenge.New(),
            now = now.UtcDateTime,
            next = (now + FirstCheck).UtcDateTime,
            most = MostClaims,
        };
        if (await connection.ExecuteAsync(Insert, claim, transaction) == 0)
        {
            await transaction.RollbackAsync(cancel);
            return await FindAsync(tenant, domain, cancel) is { } other ? (other, false) : null;
        }

        foreach (var key in keys)
        {
            await AddKeyAsync(connection, transaction, tenant, domain, key, now);
        }

        await transaction.CommitAsync(cancel);
        return (id, true);
    }

    /// <summary>A new key of the algorithm, unless one waits for its record already.</summary>
    public async Task RotateAsync(DomainRow domain, string algorithm, CancellationToken cancel)
    {
        var keys = await KeysAsync(domain.TenantId, [domain.Domain], cancel);
        if (keys.Any(k => k.Key.Algorithm == algorithm && k.Key.State == DkimLife.Pending))
        {
            return;
        }

        var made = NewDkimKey.Make(master, domain.TenantId, domain.Domain, algorithm, options.DkimZone);
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        await using var transaction = await DomainStore.BeginAsync(connection, domain.TenantId, cancel);
        // One rotation at a time; a statement of its own, for a snapshot that sees the one before.
        await connection.ExecuteAsync(
            "SELECT pg_advisory_xact_lock(hashtextextended(@Id::text, 0))",
            new { domain.Id },
            transaction
        );
        var waits = await connection.ExecuteScalarAsync<bool>(
            """
            SELECT EXISTS (SELECT FROM dkim_keys
                WHERE tenant_id = @TenantId AND domain = @Domain AND algorithm = @algorithm AND state = 'pending')
            """,
            new
            {
                domain.TenantId,
                domain.Domain,
                algorithm,
            },
            transaction
        );
        if (!waits)
        {
            await AddKeyAsync(connection, transaction, domain.TenantId, domain.Domain, made, clock.GetUtcNow());
            await transaction.CommitAsync(cancel);
        }
    }

    public async Task<IReadOnlyList<DomainRow>> ListAsync(Guid tenant, Guid below, int limit, CancellationToken cancel)
    {
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        await using var transaction = await DomainStore.BeginAsync(connection, tenant, cancel);
        var rows = await connection.QueryAsync<DomainRow>(
            $"""
            SELECT {DomainRow.Columns} FROM sending_domains
            WHERE tenant_id = @tenant AND domain_id < @below AND state <> 'removed' ORDER BY domain_id DESC LIMIT @limit
            """,
            new
            {
                tenant,
                below,
                limit,
            },
            transaction
        );
        return rows.AsList();
    }

    public async Task<ILookup<string, DkimRow>> KeysOfAsync(Guid tenant, string[] domains, CancellationToken cancel) =>
        (await KeysAsync(tenant, domains, cancel)).ToLookup(k => k.Domain, k => k.Key);

    /// <summary>False where there was none. The rows stay: nothing of them is ever given to another.</summary>
    public async Task<bool> RemoveAsync(Guid tenant, Guid id, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        await using var transaction = await DomainStore.BeginAsync(connection, tenant, cancel);
        var removed = await connection.ExecuteAsync(
            Remove,
            new
            {
                tenant,
                id,
                now = now.UtcDateTime,
                stays = DkimLife.StaysPublished,
                @event = LedgerId.New(now),
            },
            transaction
        );
        await transaction.CommitAsync(cancel);
        return removed > 0;
    }

    /// <summary>Has the worker look at the domain's keys at once.</summary>
    public async Task LookAtKeysAsync(DomainRow domain, CancellationToken cancel)
    {
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        await using var transaction = await DomainStore.BeginAsync(connection, domain.TenantId, cancel);
        await connection.ExecuteAsync(
            """
            UPDATE dkim_keys SET next_check_at = @now
            WHERE tenant_id = @TenantId AND domain = @Domain AND next_check_at > @now
            """,
            new
            {
                domain.TenantId,
                domain.Domain,
                now = clock.GetUtcNow().UtcDateTime,
            },
            transaction
        );
        await transaction.CommitAsync(cancel);
    }

    public async Task ApproveAsync(Guid tenant, Guid claim, string domain, CancellationToken cancel)
    {
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        await using var transaction = await DomainStore.BeginAsync(connection, tenant, cancel);
        await connection.ExecuteAsync(
            """
            INSERT INTO domain_approvals (tenant_id, claim_id, domain) VALUES (@tenant, @claim, @domain)
            ON CONFLICT DO NOTHING
            """,
            new
            {
                tenant,
                claim,
                domain,
            },
            transaction
        );
        await transaction.CommitAsync(cancel);
    }

    private static readonly TimeSpan FirstCheck = TimeSpan.FromMinutes(1);

    private async Task<Guid?> FindAsync(Guid tenant, string domain, CancellationToken cancel)
    {
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        await using var transaction = await DomainStore.BeginAsync(connection, tenant, cancel);
        return await connection.QuerySingleOrDefaultAsync<Guid?>(
            "SELECT domain_id FROM sending_domains WHERE tenant_id = @tenant AND domain = @domain AND state <> 'removed'",
            new { tenant, domain },
            transaction
        );
    }

    private static Task AddKeyAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        Guid tenant,
        string domain,
        NewDkimKey key,
        DateTimeOffset now
    ) =>
        connection.ExecuteAsync(
            InsertKey,
            new
            {
                tenant,
                domain,
                key.Selector,
                key.Algorithm,
                key.PrivateSealed,
                key.PublicRecord,
                key.Target,
                now = now.UtcDateTime,
            },
            transaction
        );

    private async Task<IReadOnlyList<(string Domain, DkimRow Key)>> KeysAsync(
        Guid tenant,
        string[] domains,
        CancellationToken cancel
    )
    {
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        await using var transaction = await DomainStore.BeginAsync(connection, tenant, cancel);
        // Keys of a claim that was given up before are retired for good and shown no more.
        var rows = await connection.QueryAsync<string, DkimRow, (string, DkimRow)>(
            $"""
            SELECT domain, {DkimRow.Columns} FROM dkim_keys
            WHERE tenant_id = @tenant AND domain = ANY (@domains) AND (state <> 'retired' OR publish_until > @now)
            ORDER BY domain, created_at, selector
            """,
            (domain, key) => (domain, key),
            new
            {
                tenant,
                domains,
                now = clock.GetUtcNow().UtcDateTime,
            },
            transaction,
            splitOn: "Selector"
        );
        return rows.AsList();
    }
}
