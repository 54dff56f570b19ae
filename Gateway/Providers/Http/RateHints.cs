using System.Globalization;

namespace Gateway.Providers.Http;

/// <summary>When a provider asks us to come again, from the headers of its answer.</summary>
internal static class RateHints
{
    /// <summary>A provider that says more has a clock or a unit wrong; what it wants is asked again after this.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(24);

    /// <summary>Above this a number is a point in time and not a wait (unix seconds of the year 2001).</summary>
    private const double FirstInstant = 1e9;

    /// <summary>Retry-After (RFC 9110 §10.2.3), else X-RateLimit-Reset; null where neither says anything usable.</summary>
    public static TimeSpan? Of(HttpAnswer answer, DateTimeOffset now)
    {
        // The provider's own clock where it tells it, so that ours may be wrong.
        var theirs = Header(answer, "Date") is { } date && TryDate(date, out var at) ? at : now;
        return Header(answer, "Retry-After") is { } wait && Wait(wait, theirs) is { } asked ? asked
            : Header(answer, "X-RateLimit-Reset") is { } reset ? Number(reset, theirs)
            : null;
    }

    /// <summary>A time as mail or HTTP writes it.</summary>
    public static bool TryDate(string text, out DateTimeOffset at) =>
        DateTimeOffset.TryParse(
            text.Replace(" UTC", " GMT", StringComparison.Ordinal),
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AllowWhiteSpaces,
            out at
        );

    /// <summary>The wait until then, where it lies ahead; at most <see cref="Longest"/>.</summary>
    public static TimeSpan? Until(DateTimeOffset at, DateTimeOffset now) => Bound((at - now).TotalSeconds);

    public static TimeSpan? Bound(double seconds) =>
        double.IsNaN(seconds) || seconds <= 0 ? null
        : seconds >= Longest.TotalSeconds ? Longest
        : TimeSpan.FromSeconds(seconds);

    private static TimeSpan? Wait(string text, DateTimeOffset now) =>
        Number(text, now) ?? (TryDate(text, out var at) ? Until(at, now) : null);

    // Mailgun writes the instant as a float, SendGrid as an integer.
    private static TimeSpan? Number(string text, DateTimeOffset now) =>
        !double.TryParse(
            text,
            NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
            CultureInfo.InvariantCulture,
            out var number
        )
            ? null
        : number >= FirstInstant ? Bound(number - (now - DateTimeOffset.UnixEpoch).TotalSeconds)
        : Bound(number);

    private static string? Header(HttpAnswer answer, string name) => answer.Headers.GetValueOrDefault(name);
}
