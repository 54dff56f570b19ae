using Gateway.Mail.Addresses;
using Gateway.Throttling;
using Microsoft.Extensions.Configuration;

namespace Gateway.Providers;

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
    private const int MostConcurrency = 1_000;
    private static readonly string[] OfADomain = ["Rate", "RateWindow", "DailyCap", "Concurrency"];

    /// <summary>Some domain has a window that outlives what Redis remembers.</summary>
    public bool HasLongWindowsOfDomains { get; } =
        Domains
            .Values.Append(AnyDomain)
            .Any(l => l.DailyCap is not null || l.Rate?.Window >= ThrottleLimit.LedgerWindow);

    /// <summary>Null where nothing is limited.</summary>
    /// <param name="settings">All settings of the path.</param>
    /// <param name="problems">Told of all that cannot be used; what then returns is not to be used either.</param>
    public static PathLimits? Read(IConfiguration settings, ICollection<SettingProblem> problems)
    {
        var path = ReadOne(settings, "", "", problems);
        var any = ReadOne(settings, "", "Domain", problems) with
        {
            Concurrency = Concurrency(settings, "", "DomainConcurrency", problems),
        };
        var named = ReadDomains(settings.GetSection("Domains").GetChildren().ToArray(), problems);
        return path.IsNone && any.IsNone && named.Count == 0 ? null : new PathLimits(path, any, named);
    }

    /// <summary>Those of one domain of recipients.</summary>
    public PathLimit Of(string domain) => Domains.GetValueOrDefault(domain) ?? AnyDomain;

    private static Dictionary<string, PathLimit> ReadDomains(
        IConfigurationSection[] sections,
        ICollection<SettingProblem> problems
    )
    {
        var named = new Dictionary<string, PathLimit>(StringComparer.OrdinalIgnoreCase);
        if (sections.Length > MostDomains)
        {
            problems.Add(new SettingProblem("Domains", $"{sections.Length} domains", $"at most {MostDomains}"));
            return named;
        }

        foreach (var section in sections)
        {
            var at = $"Domains:{section.Key}:";
            foreach (var odd in section.GetChildren().Where(s => !IsOfADomain(s.Key)))
            {
                problems.Add(new SettingProblem(at + odd.Key, odd.Value, "one of " + string.Join(", ", OfADomain)));
            }

            if (section.Value is { } text)
            {
                problems.Add(new SettingProblem($"Domains:{section.Key}", text, $"{at}Rate, or another of its limits"));
            }

            // Mail is counted by the A-label, however the operator writes the name.
            if (EmailAddress.TryParse("x@" + section.Key, out var address, out _))
            {
                named[address.Domain] = ReadOne(section, at, "", problems) with
                {
                    Concurrency = Concurrency(section, at, "Concurrency", problems),
                };
            }
            else
            {
                problems.Add(new SettingProblem("Domains", section.Key, "a domain of recipients, such as example.com"));
            }
        }

        return named;
    }

    private static bool IsOfADomain(string name) => OfADomain.Contains(name, StringComparer.OrdinalIgnoreCase);

    private static int? Concurrency(
        IConfiguration settings,
        string at,
        string name,
        ICollection<SettingProblem> problems
    ) => (int?)PathNumber.Read(settings, at, name, 1, MostConcurrency, problems);

    private static PathLimit ReadOne(
        IConfiguration settings,
        string at,
        string prefix,
        ICollection<SettingProblem> problems
    )
    {
        var cap = PathNumber.Read(settings, at, prefix + "DailyCap", 1, ThrottleLimit.MostCap, problems);
        return new PathLimit(
            PathRate.Read(settings, at, prefix, problems),
            cap is { } messages ? new PathRate(messages, TimeSpan.FromDays(1)) : null,
            Concurrency: null
        );
    }
}
