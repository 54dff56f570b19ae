using Gateway.Cohorts;
using Gateway.Ledger;

namespace Gateway.Api.Messages;

/// <summary>A message whose deliveries nobody else can move until we commit.</summary>
internal sealed record LockedMessage(
    Guid Id,
    string Stream,
    bool HasContent,
    DateTimeOffset? Deadline,
    IReadOnlyList<LockedDelivery> Deliveries
)
{
    public bool WasResent(LockedDelivery delivery) => Deliveries.Any(d => d.ResendOf == delivery.Id);

    /// <summary>Where the next delivery goes; above <see cref="LedgerId.MaxPlace"/> there is no place left.</summary>
    public int NextPlace => Deliveries.Max(d => LedgerId.PlaceOf(d.Id)) + 1;
}

/// <param name="IsBegun">Its bytes may be leaving at this moment.</param>
internal sealed record LockedDelivery(
    Guid Id,
    string To,
    string State,
    string? Cause,
    int Sequence,
    Guid? ResendOf,
    bool IsBegun
)
{
    /// <summary>Sent over a path that tells no more: it may be called ended, though nobody knows that it arrived.</summary>
    public bool IsSentForGood => State == DeliveryState.Sent && Cause == "final";

    public ChangeFacts Facts => new(State, Cause, IsBegun);
}
