using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Gateway.Providers;

/// <summary>Messages that all workers together hand to a path in any window of this length.</summary>
public sealed record PathRate(long Messages, TimeSpan Window)
{
    /// <summary>
    /// <c>Rate</c> (messages, at least 1) and <c>RateWindow</c> (1 s to 1 day, default 1 s) of a path's section; null
    /// without a rate, or where either cannot be used.
    /// </summary>
    /// <param name="settings">The path's settings, or those of one domain.</param>
    /// <param name="at">How the settings are called below the path: "" or <c>Domains:gmail.com:</c>.</param>
    /// <param name="prefix">Of both names, such as <c>Domain</c>.</param>
    /// <param name="problems">Where to tell.</param>
    public static PathRate? Read(
        IConfiguration settings,
        string at,
        string prefix,
        ICollection<SettingProblem> problems
    )
    {
        var (rate, window) = (prefix + "Rate", prefix + "RateWindow");
        var length = ReadWindow(settings[window], at + window, problems);
        var messages = PathNumber.Read(settings, at, rate, 1, Throttling.ThrottleLimit.MostCap, problems);
        if (settings[rate] is null && settings[window] is { } alone)
        {
            problems.Add(new SettingProblem(at + window, alone, $"absent where there is no {at}{rate}"));
        }

        return messages is { } most && length is { } span ? new PathRate(most, span) : null;
    }

    private static TimeSpan? ReadWindow(string? text, string name, ICollection<SettingProblem> problems)
    {
        if (text is null)
        {
            return TimeSpan.FromSeconds(1);
        }

        if (
            TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var window)
            && window >= TimeSpan.FromSeconds(1)
            && window <= TimeSpan.FromDays(1)
        )
        {
            return window;
        }

        problems.Add(new SettingProblem(name, text, "00:00:01 to 1.00:00:00"));
        return null;
    }
}
