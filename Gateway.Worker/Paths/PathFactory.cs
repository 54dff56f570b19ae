using Gateway.Database;
using Gateway.Net;
using Gateway.Providers;
using Npgsql;

namespace Gateway.Worker.Paths;

/// <summary>Makes a path from its settings, wherever these stand.</summary>
public sealed class PathFactory(
    [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger,
    PathWitness witness,
    TimeProvider clock
)
{
    /// <summary>A tenant's own account is at a public address: it must not reach into our network (A18).</summary>
    private static readonly AddressPolicy TenantsOwn = AddressPolicy.PublicOnly(AddressPolicy.MailPorts);

    public EgressPath Create(string name, string kind, IProvider provider) =>
        new(name, provider, PathSettings.DefaultConcurrency, witness) { Kind = kind };

    /// <summary>The path, or null with what is wrong with its settings.</summary>
    public EgressPath? Create(string name, IConfigurationSection settings, List<string> problems, Guid? tenant = null)
    {
        var known = problems.Count;
        var wrong = new List<SettingProblem>();
        var read = PathSettings.Read(settings, wrong);
        problems.AddRange(wrong.Select(p => $"{settings.Path}:{p}"));
        var services = new ProviderServices(ledger, clock, tenant is null ? AddressPolicy.Anywhere : TenantsOwn);
        var provider = ProviderRegistry.Create(settings.Path, settings, services, problems);
        return problems.Count > known || provider is null
            ? null
            : new EgressPath(name, provider, read.Concurrency, witness)
            {
                Kind = settings["Provider"]!,
                Canary = read.Canary is { } canary ? new CanaryAddresses(canary.From, canary.To) : null,
                Tenant = tenant,
                Limits = read.Limits,
            };
    }
}
