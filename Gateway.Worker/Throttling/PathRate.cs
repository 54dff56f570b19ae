namespace Gateway.Worker.Throttling;

/// <summary>Messages that all workers together hand to a path in any window of this length.</summary>
public sealed record PathRate(long Messages, TimeSpan Window)
{
    /// <summary>
    /// <c>Rate</c> (messages, at least 1) and <c>RateWindow</c> (1 s to 1 day, default 1 s) of a path's section; null
    /// without a rate.
    /// </summary>
    /// <param name="prefix">Of both names, such as <c>Domain</c>.</param>
    public static PathRate? Read(IConfigurationSection section, ICollection<string> problems, string prefix = "")
    {
        if (section[prefix + "Rate"] is not { } text)
        {
            return null;
        }

        if (!long.TryParse(text, out var messages) || messages < 1)
        {
            problems.Add($"{section.Path}:{prefix}Rate is '{text}'; it must be a number of messages, at least 1");
            return null;
        }

        var window = TimeSpan.FromSeconds(1);
        if (
            section[prefix + "RateWindow"] is { } length
            && (
                !TimeSpan.TryParse(length, System.Globalization.CultureInfo.InvariantCulture, out window)
                || window < TimeSpan.FromSeconds(1)
                || window > TimeSpan.FromDays(1)
            )
        )
        {
            problems.Add($"{section.Path}:{prefix}RateWindow is '{length}'; it must be from 00:00:01 to 1.00:00:00");
            return null;
        }

        return new PathRate(messages, window);
    }
}
