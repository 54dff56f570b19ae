using Gateway.Subscriptions;

namespace Gateway.Webhooks.Outbound;

/// <summary>What follows from an answer: pure.</summary>
internal static class SendFate
{
    public const string Delivered = "delivered";
    public const string Failed = "failed";
    public const string Exhausted = "exhausted";
    public const string Aborted = "aborted";
    public const string Gone = "gone";

    /// <summary>As in the log, and as the API's filter takes them.</summary>
    public static readonly IReadOnlyList<string> Words = [Delivered, Failed, Exhausted, Aborted, Gone];

    /// <summary>The word for the log, and after how long it is tried again; null where it is not.</summary>
    public static (string Word, TimeSpan? Next) Of(Outgoing item, WebhookAnswer answer, double draw)
    {
        var again = item.Kind == SendKind.Test ? null : RetrySchedule.After(item.Tries + 1, answer.RetryAfter, draw);
        return answer.Result switch
        {
            WebhookResult.Delivered => (Delivered, null),
            WebhookResult.Aborted => (Aborted, null),
            // The subscription is switched off, and keeps its place: this event is the first of those that wait.
            WebhookResult.Gone => (Gone, item.Kind == SendKind.Test ? null : again ?? RetrySchedule.Delays[1]),
            _ => (again is null && item.Kind != SendKind.Test ? Exhausted : Failed, again),
        };
    }

    /// <summary>A test that fails says nothing against an endpoint; one that passes says that it is back.</summary>
    public static EndpointHealth HealthAfter(
        EndpointHealth health,
        string kind,
        WebhookAnswer answer,
        DateTimeOffset now,
        double draw
    ) =>
        answer.Result switch
        {
            WebhookResult.Delivered => health.Succeeded(now),
            WebhookResult.Failed or WebhookResult.Gone when kind != SendKind.Test => health.Failed(
                now,
                answer.RetryAfter,
                draw
            ),
            _ => health,
        };
}
