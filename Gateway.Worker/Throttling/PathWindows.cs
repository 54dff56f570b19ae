using Gateway.Providers;
using Gateway.Throttling;

namespace Gateway.Worker.Throttling;

/// <summary>The limits of a path as Redis counts them: what each window is called, and what one send is charged to.</summary>
internal static class PathWindows
{
    /// <summary>In the key of what a whole path was given in a day.</summary>
    private const string Day = ":day";

    /// <summary>In the key of that part of it which was broadcast mail.</summary>
    private const string Broadcast = ":broadcast";

    /// <summary>Of a day's cap, so much is kept for transactional mail.</summary>
    private const double KeptOfTheDay = 0.2;

    /// <summary>All that one send is charged to.</summary>
    public static ThrottleLimit[] Of(string path, PathLimits limits, string domain, bool isBroadcast) =>
        [.. OfPath(path, limits, isBroadcast), .. OfDomain(path, limits, domain)];

    /// <summary>Those of the whole path.</summary>
    public static IEnumerable<ThrottleLimit> OfPath(string path, PathLimits limits, bool isBroadcast)
    {
        if (limits.Path.Rate is { } rate)
        {
            yield return Limit(path, "", rate);
        }

        if (limits.Path.DailyCap is { } cap)
        {
            yield return Limit(path, Day, cap);
            if (isBroadcast)
            {
                var part = Math.Max(1, (long)(cap.Messages * (1 - KeptOfTheDay)));
                yield return Limit(path, Broadcast, cap with { Messages = part });
            }
        }
        else if (limits.HasLongWindowsOfDomains)
        {
            // Nobody used most domains today, so a missing key of one says nothing: this one tells whether Redis lost them.
            yield return Limit(path, Day, new PathRate(ThrottleLimit.MostCap, TimeSpan.FromDays(1)));
        }
    }

    /// <summary>Those of one domain of recipients.</summary>
    public static IEnumerable<ThrottleLimit> OfDomain(string path, PathLimits limits, string domain)
    {
        var (own, of) = (limits.Of(domain), ":" + domain.ToLowerInvariant());
        if (own.Rate is { } rate)
        {
            yield return Counted(Limit(path, of, rate));
        }

        if (own.DailyCap is { } cap)
        {
            yield return Counted(Limit(path, of + Day, cap));
        }

        static ThrottleLimit Counted(ThrottleLimit limit) =>
            limit with
            {
                FromLedger = false,
                CountedWithAnother = limit.FromLedger,
            };
    }

    /// <summary>Whether only broadcast mail is charged to it.</summary>
    public static bool IsOfBroadcasts(ThrottleLimit limit) =>
        limit.Key.Contains("}" + Broadcast + ":", StringComparison.Ordinal);

    private static ThrottleLimit Limit(string path, string of, PathRate rate) =>
        new(
            $"gw:path:{{{path}}}{of}:{(long)rate.Window.TotalSeconds}",
            rate.Messages,
            rate.Window,
            ThrottleKind.Spread,
            FromLedger: rate.Window >= ThrottleLimit.LedgerWindow
        );
}
