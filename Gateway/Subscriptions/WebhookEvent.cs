namespace Gateway.Subscriptions;

/// <summary>An event as a webhook tells it: field by field the item that <c>GET /v1/events</c> shows.</summary>
/// <param name="Data">JSON text as the ledger holds it.</param>
public sealed record WebhookEvent(
    Guid Id,
    string Type,
    Guid? MessageId,
    Guid? DeliveryId,
    string? Recipient,
    int? Sequence,
    string? State,
    DateTimeOffset At,
    string? Data
);
