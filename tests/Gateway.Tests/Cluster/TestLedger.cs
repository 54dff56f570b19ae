using Dapper;
using Gateway.Database;
using Gateway.Ledger;
using Gateway.Tenants;
using Npgsql;

namespace Gateway.Tests.Cluster;

/// <summary>A migrated database of a test's own, seen through the same logins as the hosts use.</summary>
internal sealed class TestLedger : IAsyncDisposable
{
    private readonly TestDatabase database;

    private TestLedger(TestDatabase database)
    {
        this.database = database;
        (Door, Accept, Worker) = (Source(LedgerRole.Door), Source(LedgerRole.Accept), Source(LedgerRole.Worker));
        (Owner, Operator) = (Source(LedgerRole.Owner), Source(LedgerRole.Operator));
    }

    public NpgsqlDataSource Door { get; }
    public NpgsqlDataSource Accept { get; }
    public NpgsqlDataSource Worker { get; }
    public NpgsqlDataSource Owner { get; }
    public NpgsqlDataSource Operator { get; }

    public string ConnectionString => database.ConnectionString;

    public static async Task<TestLedger> CreateAsync(TestCluster cluster) => new(await cluster.CreateDatabaseAsync());

    /// <summary>A trusted tenant with a verified domain of its own and a key for everything.</summary>
    public async Task<TestTenant> CreateTenantAsync(string? domain = null, string mode = "live")
    {
        var id = LedgerId.New(DateTimeOffset.UtcNow);
        domain ??= $"t{id:N}.example";
        var key = ApiKey.Create(mode, TestKeys.Ring);
        await using var owner = await Owner.OpenConnectionAsync();
        await owner.ExecuteAsync(
            """
            INSERT INTO tenants (tenant_id, name, trust) VALUES (@id, @domain, 'trusted');
            INSERT INTO sending_domains (domain_id, tenant_id, domain, state, verified_at)
            VALUES (@domainId, @id, @domain, 'verified', now());
            INSERT INTO api_keys (key_id, tenant_id, mode, name, scopes, secret_sha256)
            VALUES (@keyId, @id, @mode, 'test', '{send,read,manage}', @Sha256);
            """,
            new
            {
                id,
                domain,
                domainId = LedgerId.New(DateTimeOffset.UtcNow),
                keyId = key.Id,
                mode,
                key.Sha256,
            }
        );
        return new TestTenant(id, domain, key);
    }

    public async Task<T> ScalarAsync<T>(string sql, object? values = null)
    {
        await using var owner = await Owner.OpenConnectionAsync();
        return (await owner.ExecuteScalarAsync<T>(sql, values))!;
    }

    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? values = null)
    {
        await using var owner = await Owner.OpenConnectionAsync();
        return (await owner.QueryAsync<T>(sql, values)).AsList();
    }

    public async Task ExecuteAsync(string sql, object? values = null)
    {
        await using var owner = await Owner.OpenConnectionAsync();
        await owner.ExecuteAsync(sql, values);
    }

    public async ValueTask DisposeAsync()
    {
        await Door.DisposeAsync();
        await Accept.DisposeAsync();
        await Worker.DisposeAsync();
        await Owner.DisposeAsync();
        await Operator.DisposeAsync();
        await database.DisposeAsync();
    }

    private NpgsqlDataSource Source(string role) =>
        LedgerSources.Create(database.ConnectionString, role, TestKeys.Master);
}

internal sealed record TestTenant(Guid Id, string Domain, ApiKey Key)
{
    public string Address => $"hello@{Domain}";
}
