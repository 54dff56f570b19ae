using Gateway.Database;
using Gateway.Providers;
using Gateway.Providers.Sandbox;
using Gateway.Providers.Smtp;
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

    public EgressPath Create(string name, IProvider provider) => new(name, provider, DefaultConcurrency, witness);

    /// <summary>The path, or null with what is wrong with its settings.</summary>
    public EgressPath? Create(string name, IConfigurationSection settings, List<string> problems, Guid? tenant = null)
    {
        var known = problems.Count;
        var concurrency = settings.GetValue("Concurrency", DefaultConcurrency);
        if (concurrency is < 1 or > 1_000)
        {
            problems.Add($"{settings.Path}:Concurrency is {concurrency}; it must be 1 to 1000");
        }

        var canary = CanaryAddresses.Read(settings, problems);
        var provider = CreateProvider(settings, problems);
        return problems.Count > known || provider is null
            ? null
            : new EgressPath(name, provider, concurrency, witness) { Canary = canary, Tenant = tenant };
    }

    private IProvider? CreateProvider(IConfigurationSection settings, List<string> problems)
    {
        switch (settings["Provider"])
        {
            case "sandbox":
                return new SandboxProvider(ledger);
            case "smtp":
                var options = settings.Get<SmtpRelayOptions>()!;
                var wrong = options.Problems().Select(p => $"{settings.Path}:{p}").ToArray();
                problems.AddRange(wrong);
                return wrong.Length > 0 ? null : new SmtpRelayProvider(options, clock);
            default:
                problems.Add($"{settings.Path}:Provider is '{settings["Provider"]}'; it must be smtp or sandbox");
                return null;
        }
    }
}
