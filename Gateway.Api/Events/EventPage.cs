using System.Text.Json;

namespace Gateway.Api.Events;

/// <summary>Events, oldest first. <c>next</c> is always given: reading goes on from it when there are more.</summary>
public sealed record EventPage(IReadOnlyList<EventItem> Items, string Next);

/// <param name="MessageId">Null for an event about no message.</param>
/// <param name="Sequence">Counts the events of one delivery from 1.</param>
/// <param name="State">The state that it left the delivery in; null where it changed none.</param>
public sealed record EventItem(
    Guid Id,
    string Type,
    Guid? MessageId,
    Guid? DeliveryId,
    string? Recipient,
    int? Sequence,
    string? State,
    DateTimeOffset At,
    JsonElement? Data
);
