using System.Text.Json;
using Dapper;
using Gateway.Ledger;
using Gateway.Mail.Dkim;
using Gateway.Secrets;
using Npgsql;

namespace Gateway.Tenants;

/// <summary>
/// The tenant that a new installation in development begins with: trusted, owner of the verified domain
/// <c>demo.example</c>, with one key. Its facts are written to a file, since a key is kept nowhere else.
/// </summary>
public static class DemoTenant
{
    public const string Domain = "demo.example";

    /// <summary>Makes the tenant once; a later run keeps the key as long as file and table still agree on it.</summary>
    public static async Task SeedAsync(
        NpgsqlConnection owner,
        MasterKey master,
        KeyRing ring,
        string file,
        TimeProvider clock,
        CancellationToken cancel
    )
    {
        var tenant = await owner.QuerySingleOrDefaultAsync<Guid?>(
            "SELECT tenant_id FROM sending_domains WHERE domain = @Domain AND state = 'verified'",
            new { Domain }
        );
        if (tenant is { } known && await IsCurrentAsync(owner, ring, file, known))
        {
            return;
        }

        await using var transaction = await owner.BeginTransactionAsync(cancel);
        if (tenant is null)
        {
            tenant = LedgerId.New(clock.GetUtcNow());
            await owner.ExecuteAsync(
                """
                INSERT INTO tenants (tenant_id, name, trust) VALUES (@tenant, 'Demo', 'trusted');
                INSERT INTO sending_domains (domain_id, tenant_id, domain, state, verified_at)
                VALUES (@domainId, @tenant, @Domain, 'verified', now())
                """,
                new
                {
                    tenant,
                    domainId = LedgerId.New(clock.GetUtcNow()),
                    Domain,
                },
                transaction
            );
            await SeedDkimAsync(owner, transaction, master, tenant.Value);
        }

        var key = ApiKey.Create("live", ring);
        await owner.ExecuteAsync(
            """
            INSERT INTO api_keys (key_id, tenant_id, mode, name, scopes, secret_sha256)
            VALUES (@Id, @tenant, 'live', 'demo', '{send,read,manage}', @Sha256)
            """,
            new
            {
                key.Id,
                tenant,
                key.Sha256,
            },
            transaction
        );
        await transaction.CommitAsync(cancel);
        PrivateFile.Write(file, JsonSerializer.Serialize(new DemoFacts(tenant.Value, key.Text, Domain), Web));
    }

    private static async Task SeedDkimAsync(
        NpgsqlConnection owner,
        NpgsqlTransaction transaction,
        MasterKey master,
        Guid tenant
    )
    {
        const string selector = "gw1";
        using var key = DkimKey.Generate(DkimAlgorithm.RsaSha256);
        await owner.ExecuteAsync(
            """
            INSERT INTO dkim_keys (tenant_id, domain, selector, algorithm, private_sealed, public_record, state)
            VALUES (@tenant, @Domain, @selector, 'rsa-sha256', @sealedKey, @record, 'active')
            """,
            new
            {
                tenant,
                Domain,
                selector,
                sealedKey = master.Seal(key.ExportPkcs8(), DkimSecret.Place(tenant, Domain, selector)),
                record = key.PublicRecord,
            },
            transaction
        );
    }

    private static async Task<bool> IsCurrentAsync(NpgsqlConnection owner, KeyRing ring, string file, Guid tenant)
    {
        if (
            !File.Exists(file)
            || JsonSerializer.Deserialize<DemoFacts>(await File.ReadAllTextAsync(file), Web) is not { } facts
        )
        {
            return false;
        }

        return ApiKey.TryVerify(facts.ApiKey, ring, out var key)
            && await owner.ExecuteScalarAsync<bool>(
                "SELECT EXISTS (SELECT FROM api_keys WHERE key_id = @Id AND tenant_id = @tenant AND revoked_at IS NULL)",
                new { key!.Id, tenant }
            );
    }

    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    private sealed record DemoFacts(Guid Tenant, string ApiKey, string Domain);
}
