using System.Globalization;

namespace Gateway.Worker.Throttling;

/// <summary>What a path may be given: by all workers together, and to each domain of recipients (D25).</summary>
/// <param name="Rate">Messages in a window of seconds to a day; null without bound.</param>
/// <param name="DailyCap">Messages in any 24 hours; null without bound.</param>
/// <param name="Concurrency">Of one worker, to one domain of recipients; null without bound.</param>
public sealed record PathLimit(PathRate? Rate, PathRate? DailyCap, int? Concurrency)
{
    public bool IsNone => Rate is null && DailyCap is null && Concurrency is null;
}

/// <summary>The limits of a whole path, of any one domain of recipients, and of those that are named.</summary>
public sealed record PathLimits(PathLimit Path, PathLimit AnyDomain, IReadOnlyDictionary<string, PathLimit> Domains)
{
    private const int MostDomains = 1_000;

    /// <summary>Null where nothing is limited.</summary>
    public static PathLimits? Read(IConfigurationSection section, ICollection<string> problems)
    {
        var path = ReadOne(section, "", problems) with { Concurrency = null };
        var any = ReadOne(section, "Domain", problems);
        var domains = section.GetSection("Domains").GetChildren().ToArray();
        if (domains.Length > MostDomains)
        {
            problems.Add($"{section.Path}:Domains names {domains.Length} domains; it may name {MostDomains}");
        }

        var named = domains.ToDictionary(d => d.Key, d => ReadOne(d, "", problems), StringComparer.OrdinalIgnoreCase);
        return path.IsNone && any.IsNone && named.Count == 0 ? null : new PathLimits(path, any, named);
    }

    /// <summary>Those of one domain of recipients.</summary>
    public PathLimit Of(string domain) => Domains.GetValueOrDefault(domain) ?? AnyDomain;

    private static PathLimit ReadOne(IConfigurationSection section, string prefix, ICollection<string> problems)
    {
        var cap = Number(section, prefix + "DailyCap", 1, Gateway.Throttling.ThrottleLimit.MostCap, problems);
        return new PathLimit(
            PathRate.Read(section, problems, prefix),
            cap is { } messages ? new PathRate(messages, TimeSpan.FromDays(1)) : null,
            (int?)(
                prefix.Length == 0 && !section.Path.Contains(":Domains:", StringComparison.Ordinal)
                    ? null
                    : Number(section, prefix + "Concurrency", 1, 1_000, problems)
            )
        );
    }

    private static long? Number(
        IConfigurationSection section,
        string name,
        long least,
        long most,
        ICollection<string> problems
    )
    {
        if (section[name] is not { } text)
        {
            return null;
        }

        if (
            long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= least
            && number <= most
        )
        {
            return number;
        }

        problems.Add($"{section.Path}:{name} is '{text}'; it must be {least} to {most}");
        return null;
    }
}
