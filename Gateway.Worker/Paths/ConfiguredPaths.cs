using System.Globalization;
using Gateway.Database;
using Gateway.Providers;
using Gateway.Providers.Sandbox;
using Gateway.Providers.Smtp;
using Gateway.Routing;
using Npgsql;

namespace Gateway.Worker.Paths;

/// <summary>
/// What the hosts' own settings say: <c>Gateway:Paths:&lt;name&gt;</c> describes an account, <c>Gateway:Route</c> lists
/// the tiers of the default route, each <c>name=weight, name=weight</c>. Without any, mail goes to the sandbox.
/// </summary>
public sealed class ConfiguredPaths
{
    private readonly Dictionary<string, EgressPath> paths = [];

    public ConfiguredPaths(
        IConfiguration configuration,
        PathFactory factory,
        [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger
    )
    {
        var problems = new List<string>();
        paths[EgressPaths.Sandbox] = factory.Create(EgressPaths.Sandbox, new SandboxProvider(ledger));
        foreach (var section in configuration.GetSection("Gateway:Paths").GetChildren())
        {
            if (factory.Create(section.Key, section, problems) is { } path)
            {
                paths[section.Key] = path;
            }
        }

        var route = ReadRoute(
            configuration.GetSection("Gateway:Route").Get<string[]>() ?? [EgressPaths.Sandbox],
            problems
        );
        if (problems.Count > 0)
        {
            throw new InvalidOperationException(
                "the paths cannot be used:\n" + string.Join('\n', problems.Select(p => "  " + p))
            );
        }

        DefaultRule = new RouteRule("default", route);
    }

    public IReadOnlyDictionary<string, EgressPath> Paths => paths;

    /// <summary>For what no other rule matches.</summary>
    public RouteRule DefaultRule { get; }

    private List<RouteTier> ReadRoute(string[] route, List<string> problems)
    {
        var read = new List<RouteTier>();
        foreach (var (line, index) in route.Select((l, i) => (l, i)))
        {
            var tier = new List<WeightedPath>();
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
                    tier.Add(new WeightedPath(name, weight));
                }
            }

            if (tier.Count > 0)
            {
                read.Add(new RouteTier(tier));
            }
        }

        if (read.Count == 0 && problems.Count == 0)
        {
            problems.Add("Gateway:Route is empty; it must name at least one path");
        }

        return read;
    }
}
