using Gateway.Subscriptions;

namespace Gateway.Webhooks.Outbound;

/// <summary>Why something is sent.</summary>
internal static class SendKind
{
    /// <summary>For the first time, in the order of the ledger.</summary>
    public const string Event = "event";
    public const string Retry = "retry";
    public const string Replay = "replay";
    public const string Test = "test";
}

/// <summary>An event read past the place of its subscription; the place moves when all before it are settled.</summary>
internal sealed class Slot(EventPlace place, DateTimeOffset at)
{
    public EventPlace Place => place;

    public DateTimeOffset At => at;

    public bool IsSettled { get; set; }
}

/// <summary>One event on its way to one endpoint.</summary>
/// <param name="Told">Null where the ledger holds it no more.</param>
/// <param name="Tries">Made before.</param>
/// <param name="TraceParent">Of the message.</param>
/// <param name="Slot">Of an event that is sent for the first time; others wait in the ledger and have their rows there.</param>
internal sealed record Outgoing(
    Guid EventId,
    Guid Bucket,
    string Kind,
    int Tries,
    WebhookEvent? Told,
    string? TraceParent,
    Slot? Slot
)
{
    /// <summary>Bytes in memory, roughly.</summary>
    public long Size => 400 + (2 * (Told?.Data?.Length ?? 0));
}
