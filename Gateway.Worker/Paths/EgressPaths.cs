using System.Globalization;
using Gateway.Database;
using Gateway.Providers;
using Gateway.Providers.Sandbox;
using Gateway.Providers.Smtp;
using Gateway.Routing;
using Gateway.Worker.Throttling;
using Npgsql;

namespace Gateway.Worker.Paths;

/// <summary>
/// The paths and the default route of the configuration: <c>Gateway:Paths:&lt;name&gt;</c> describes an account,
/// <c>Gateway:Route</c> lists tiers, each <c>name=weight, name=weight</c>. Without any, mail goes to the sandbox.
/// </summary>
public sealed class EgressPaths : IAsyncDisposable
{
    public const string Sandbox = "sandbox";
    private const int DefaultConcurrency = 32;
    private readonly Dictionary<string, EgressPath> paths = [];
    private readonly IReadOnlyList<IReadOnlyList<(string Path, double Weight)>> tiers;

    public EgressPaths(
        IConfiguration configuration,
        [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger,
        PathWitness witness,
        TimeProvider clock
    )
    {
        var problems = new List<string>();
        paths[Sandbox] = new EgressPath(Sandbox, new SandboxProvider(ledger), DefaultConcurrency, witness);
        foreach (var section in configuration.GetSection("Gateway:Paths").GetChildren())
        {
            if (CreateProvider(section, ledger, clock, problems) is { } provider)
            {
                var concurrency = section.GetValue("Concurrency", DefaultConcurrency);
                var rate = PathRate.Read(section, problems);
                paths[section.Key] = new EgressPath(section.Key, provider, concurrency, witness) { Rate = rate };
            }
        }

        tiers = ReadRoute(configuration.GetSection("Gateway:Route").Get<string[]>() ?? [Sandbox], problems);
        if (problems.Count > 0)
        {
            throw new InvalidOperationException(
                "the paths cannot be used:\n" + string.Join('\n', problems.Select(p => "  " + p))
            );
        }
    }

    /// <summary>Paths that the route names: what a worker can have aboard is so many times the share of one.</summary>
    public int RouteWidth => tiers.SelectMany(t => t).Select(p => p.Path).Distinct(StringComparer.Ordinal).Count();

    public EgressPath this[string name] => paths[name];

    /// <summary>The route with what its paths can carry now.</summary>
    public RoutingSnapshot Snapshot() => new([.. tiers.Select(Tier)], [Tier([(Sandbox, 1)])]);

    public async ValueTask DisposeAsync()
    {
        foreach (var path in paths.Values)
        {
            await path.DisposeAsync();
        }
    }

    private RouteTier Tier(IReadOnlyList<(string Path, double Weight)> tier) =>
        new([.. tier.Select(p => new WeightedPath(p.Path, p.Weight, paths[p.Path].Provider.Capabilities))]);

    /// <summary>The account that a section describes, or null with what is wrong with it.</summary>
    private static IProvider? CreateProvider(
        IConfigurationSection section,
        NpgsqlDataSource ledger,
        TimeProvider clock,
        List<string> problems
    )
    {
        var concurrency = section.GetValue("Concurrency", DefaultConcurrency);
        if (concurrency < 1)
        {
            problems.Add($"{section.Path}:Concurrency is {concurrency}; it must be at least 1");
            return null;
        }

        switch (section["Provider"])
        {
            case "sandbox":
                return new SandboxProvider(ledger);
            case "smtp":
                var options = section.Get<SmtpRelayOptions>()!;
                var wrong = options.Problems().Select(p => $"{section.Path}:{p}").ToArray();
                problems.AddRange(wrong);
                return wrong.Length > 0 ? null : new SmtpRelayProvider(options, clock);
            default:
                problems.Add($"{section.Path}:Provider is '{section["Provider"]}'; it must be smtp or sandbox");
                return null;
        }
    }

    private List<IReadOnlyList<(string, double)>> ReadRoute(string[] route, List<string> problems)
    {
        var read = new List<IReadOnlyList<(string, double)>>();
        foreach (var (line, index) in route.Select((l, i) => (l, i)))
        {
            var tier = new List<(string, double)>();
            foreach (
                var part in line.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            )
            {
                var (name, text) = part.Split('=', 2, StringSplitOptions.TrimEntries) is [var n, var w]
                    ? (n, w)
                    : (part, "1");
                if (!paths.ContainsKey(name))
                {
                    problems.Add($"Gateway:Route:{index} names '{name}'; known are {string.Join(", ", paths.Keys)}");
                }
                else if (
                    !double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var weight)
                    || !(weight > 0)
                    || !double.IsFinite(weight)
                )
                {
                    problems.Add(
                        $"Gateway:Route:{index} gives '{name}' the weight '{text}'; it must be a number above 0"
                    );
                }
                else
                {
                    tier.Add((name, weight));
                }
            }

            if (tier.Count > 0)
            {
                read.Add(tier);
            }
        }

        if (read.Count == 0 && problems.Count == 0)
        {
            problems.Add("Gateway:Route is empty; it must name at least one path");
        }

        return read;
    }
}
