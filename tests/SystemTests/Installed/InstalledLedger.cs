using Dapper;
using Gateway.Database;
using Gateway.Ledger;
using Gateway.Secrets;
using Gateway.Tenants;
using Npgsql;

namespace SystemTests.Installed;

internal sealed record InstalledTenant(Guid Id, string Domain, ApiKey Key)
{
    public string Address => $"hello@{Domain}";
}

/// <summary>The ledger seen by its owner, for set-up and judgement.</summary>
internal sealed class InstalledLedger(string ledger, MasterKey master, KeyRing ring) : IAsyncDisposable
{
    public NpgsqlDataSource Owner { get; } = LedgerSources.Create(ledger, LedgerRole.Owner, master);

    public NpgsqlDataSource Worker { get; } = LedgerSources.Create(ledger, LedgerRole.Worker, master);

    /// <summary>A trusted tenant with a verified domain and a key for everything.</summary>
    public async Task<InstalledTenant> CreateTenantAsync()
    {
        var id = LedgerId.New(DateTimeOffset.UtcNow);
        var domain = $"t{id:N}.example";
        var key = ApiKey.Create("live", ring);
        await ExecuteAsync(
            """
            INSERT INTO tenants (tenant_id, name, trust) VALUES (@id, @domain, 'trusted');
            INSERT INTO sending_domains (domain_id, tenant_id, domain, state, verified_at)
            VALUES (@domainId, @id, @domain, 'verified', now());
            INSERT INTO api_keys (key_id, tenant_id, mode, name, scopes, secret_sha256)
            VALUES (@keyId, @id, 'live', 'test', '{send,read,manage}', @Sha256);
            """,
            new
            {
                id,
                domain,
                domainId = LedgerId.New(DateTimeOffset.UtcNow),
                keyId = key.Id,
                key.Sha256,
            }
        );
        return new InstalledTenant(id, domain, key);
    }

    public async Task<T> ScalarAsync<T>(string sql, object? values = null)
    {
        await using var owner = await Owner.OpenConnectionAsync();
        return (await owner.ExecuteScalarAsync<T>(sql, values, commandTimeout: 120))!;
    }

    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? values = null)
    {
        await using var owner = await Owner.OpenConnectionAsync();
        return (await owner.QueryAsync<T>(sql, values, commandTimeout: 120)).AsList();
    }

    public async Task ExecuteAsync(string sql, object? values = null)
    {
        await using var owner = await Owner.OpenConnectionAsync();
        await owner.ExecuteAsync(sql, values, commandTimeout: 120);
    }

    /// <summary>Waits until the question is answered with yes; a server that is away is asked again.</summary>
    /// <returns>False where it was not so in time.</returns>
    public async Task<bool> UntilAsync(string sql, TimeSpan within)
    {
        var until = DateTime.UtcNow + within;
        while (DateTime.UtcNow < until)
        {
            try
            {
                if (await ScalarAsync<bool>(sql))
                {
                    return true;
                }
            }
            catch (NpgsqlException)
            {
                // Sessions died with the server; the next one is new.
            }

            await Task.Delay(200);
        }

        return false;
    }

    public async ValueTask DisposeAsync()
    {
        await Owner.DisposeAsync();
        await Worker.DisposeAsync();
    }
}
