namespace Gateway.Subscriptions;

/// <summary>When a webhook is tried again: pure.</summary>
public static class RetrySchedule
{
    /// <summary>Before each try, from the one before: eight tries in about 27.5 hours, as Svix and Standard Webhooks have it.</summary>
    public static readonly IReadOnlyList<TimeSpan> Delays =
    [
        TimeSpan.Zero,
        TimeSpan.FromSeconds(5),
        TimeSpan.FromMinutes(5),
        TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(2),
        TimeSpan.FromHours(5),
        TimeSpan.FromHours(10),
        TimeSpan.FromHours(10),
    ];

    /// <summary>So that what failed together does not come back together.</summary>
    public const double Jitter = 0.1;

    /// <summary>An endpoint may ask for more patience, up to this.</summary>
    public static readonly TimeSpan LongestRetryAfter = TimeSpan.FromHours(24);

    /// <summary>The wait after that many tries have failed; null where that was the last one.</summary>
    /// <param name="tries">At least 1.</param>
    /// <param name="retryAfter">What the endpoint asked for: never earlier than that.</param>
    /// <param name="draw">0 to 1.</param>
    public static TimeSpan? After(int tries, TimeSpan? retryAfter, double draw)
    {
        if (tries >= Delays.Count)
        {
            return null;
        }

        var planned = Delays[tries] * (1 - Jitter + (2 * Jitter * draw));
        var asked = retryAfter > LongestRetryAfter ? LongestRetryAfter : retryAfter ?? TimeSpan.Zero;
        return asked > planned ? asked : planned;
    }
}
