using System.Globalization;
using System.Net.Http.Headers;

namespace Gateway.Webhooks.Outbound;

internal enum WebhookResult
{
    Delivered,
    Failed,

    /// <summary>The endpoint wants this event no more.</summary>
    Aborted,

    /// <summary>410: it wants no event any more.</summary>
    Gone,

    /// <summary>This replica stopped in the middle; nobody failed.</summary>
    Stopped,
}

/// <summary>What one try came to.</summary>
/// <param name="Status">Null where there was no answer.</param>
/// <param name="Error">In words for the tenant; null where the status says all.</param>
/// <param name="Response">The beginning of the body.</param>
/// <param name="RetryAfter">Asked for with a 429 or 503.</param>
internal sealed record WebhookAnswer(
    WebhookResult Result,
    int? Status = null,
    string? Error = null,
    string? Response = null,
    TimeSpan? RetryAfter = null
)
{
    /// <summary>A response header by which Svix's customers stop the tries of one event.</summary>
    public const string StopHeader = "webhook-delivery";
    public const string StopValue = "abort-message";

    /// <summary>What an answer's head says: pure.</summary>
    public static WebhookAnswer Of(int status, HttpResponseHeaders headers, DateTimeOffset now) =>
        status switch
        {
            >= 200 and <= 299 => new(WebhookResult.Delivered, status),
            _ when IsStop(headers) => new(WebhookResult.Aborted, status, $"{StopHeader}: {StopValue}"),
            410 => new(WebhookResult.Gone, status, "410: the endpoint is gone"),
            >= 300 and <= 399 => new(WebhookResult.Failed, status, $"{status}: redirects are not followed"),
            429 or 503 => new(WebhookResult.Failed, status, RetryAfter: Patience(headers.RetryAfter, now)),
            _ => new(WebhookResult.Failed, status),
        };

    private static bool IsStop(HttpResponseHeaders headers) =>
        headers.TryGetValues(StopHeader, out var values)
        && values.Any(v => v.Trim().Equals(StopValue, StringComparison.OrdinalIgnoreCase));

    /// <summary>RFC 9110 §10.2.3: seconds or a date.</summary>
    private static TimeSpan? Patience(RetryConditionHeaderValue? asked, DateTimeOffset now)
    {
        var wait = asked?.Delta ?? asked?.Date - now;
        return wait > TimeSpan.Zero ? wait : null;
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Result} {Status} {Error}").TrimEnd();
}
