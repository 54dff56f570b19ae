using Gateway.Ledger;
using Gateway.Mail.Dkim;
using Gateway.Tenants;

namespace Gateway.Benchmarks.Running;

/// <summary>A trusted tenant with a verified domain and a key for everything.</summary>
internal sealed record BenchTenant(Guid Id, string Domain, string Key)
{
    public string Address => $"hello@{Domain}";

    public static async Task<BenchTenant> CreateAsync(RunningSystem system, bool signs = false)
    {
        var id = LedgerId.New(DateTimeOffset.UtcNow);
        var domain = $"t{id:N}.example";
        var key = ApiKey.Create("live", system.Ring);
        await system.ExecuteAsync(
            """
            INSERT INTO tenants (tenant_id, name, trust) VALUES (@id, @domain, 'trusted');
            INSERT INTO sending_domains (domain_id, tenant_id, domain, state, verified_at)
            VALUES (@id, @id, @domain, 'verified', now());
            INSERT INTO api_keys (key_id, tenant_id, mode, name, scopes, secret_sha256)
            VALUES (@KeyId, @id, 'live', 'bench', '{send,read,manage}', @Sha256);
            """,
            new
            {
                id,
                domain,
                KeyId = key.Id,
                key.Sha256,
            }
        );
        if (signs)
        {
            await SignAsync(system, id, domain);
        }

        return new BenchTenant(id, domain, key.Text);
    }

    private static async Task SignAsync(RunningSystem system, Guid tenant, string domain)
    {
        const string selector = "gw1";
        using var key = DkimKey.Generate(DkimAlgorithm.RsaSha256);
        await system.ExecuteAsync(
            """
            INSERT INTO dkim_keys (tenant_id, domain, selector, algorithm, private_sealed, public_record, state)
            VALUES (@tenant, @domain, @selector, 'rsa-sha256', @sealedKey, @record, 'active')
            """,
            new
            {
                tenant,
                domain,
                selector,
                sealedKey = system.Master.Seal(key.ExportPkcs8(), DkimSecret.Place(tenant, domain, selector)),
                record = key.PublicRecord,
            }
        );
    }
}
