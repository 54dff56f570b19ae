using Gateway.Database;
using Gateway.Net;
using Gateway.Providers;
using Gateway.Worker.Throttling;
using Npgsql;

namespace Gateway.Worker.Paths;

/// <summary>Makes a path from its settings, wherever these stand.</summary>
public sealed class PathFactory(
    [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger,
    PathWitness witness,
    TimeProvider clock
)
{
    private const int DefaultConcurrency = 32;

    /// <summary>A tenant's own account is at a public address: it must not reach into our network (A18).</summary>
    private static readonly AddressPolicy TenantsOwn = AddressPolicy.PublicOnly(AddressPolicy.MailPorts);

    public EgressPath Create(string name, string kind, IProvider provider) =>
        new(name, provider, DefaultConcurrency, witness) { Kind = kind };

    /// <summary>The path, or null with what is wrong with its settings.</summary>
    public EgressPath? Create(string name, IConfigurationSection settings, List<string> problems, Guid? tenant = null)
    {
        var known = problems.Count;
        var concurrency = settings.GetValue("Concurrency", DefaultConcurrency);
        if (concurrency is < 1 or > 1_000)
        {
            problems.Add($"{settings.Path}:Concurrency is {concurrency}; it must be 1 to 1000");
        }

        var limits = PathLimits.Read(settings, problems);
        var canary = CanaryAddresses.Read(settings, problems);
        var services = new ProviderServices(ledger, clock, tenant is null ? AddressPolicy.Anywhere : TenantsOwn);
        var provider = ProviderRegistry.Create(settings.Path, settings, services, problems);
        return problems.Count > known || provider is null
            ? null
            : new EgressPath(name, provider, concurrency, witness)
            {
                Kind = settings["Provider"]!,
                Canary = canary,
                Tenant = tenant,
                Limits = limits,
            };
    }
}
