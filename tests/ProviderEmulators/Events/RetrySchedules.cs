namespace ProviderEmulators.Events;

/// <summary>How long each provider waits before it posts an event once more.</summary>
public static class RetrySchedules
{
    /// <summary>"At increasing intervals" for 24 hours (sendgrid.md §5): which is not said, so these are a guess.</summary>
    public static IReadOnlyList<TimeSpan> SendGrid { get; } =
    [
        TimeSpan.FromSeconds(10),
        TimeSpan.FromSeconds(30),
        TimeSpan.FromMinutes(1),
        TimeSpan.FromMinutes(2),
        TimeSpan.FromMinutes(5),
        TimeSpan.FromMinutes(10),
        .. Enumerable.Repeat(TimeSpan.FromMinutes(30), 46),
    ];

    /// <summary>mailgun.md §6.</summary>
    public static IReadOnlyList<TimeSpan> Mailgun { get; } =
    [
        TimeSpan.FromMinutes(5),
        TimeSpan.FromMinutes(10),
        TimeSpan.FromMinutes(15),
        TimeSpan.FromHours(1),
        TimeSpan.FromHours(2),
        TimeSpan.FromHours(4),
    ];

    /// <summary>The same schedule in another time, such as a minute for ten.</summary>
    public static IReadOnlyList<TimeSpan> Scaled(this IReadOnlyList<TimeSpan> schedule, double by) =>
        [.. schedule.Select(wait => wait * by)];
}
