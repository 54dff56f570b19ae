using Gateway.Cohorts;
using Gateway.Ledger;

namespace Gateway.Api.Messages;

/// <summary>What shall become of one delivery: a new state, a new delivery beside it, both, or neither with the reason.</summary>
internal sealed record ChangePlan(LockedDelivery Delivery)
{
    /// <summary>Null where the state stays.</summary>
    public string? State { get; init; }
    public string? Cause { get; init; }
    public string Event { get; init; } = "";

    /// <summary>The delivery that sends it again.</summary>
    public Guid? ResentAs { get; init; }
    public string? Reason { get; init; }

    /// <summary>What the caller asked for holds now; null where it is not what was asked.</summary>
    public bool? Cancelled { get; init; }
    public bool? Released { get; init; }

    public ChangedDelivery Answer =>
        new(Delivery.Id, Delivery.To, State ?? Delivery.State, State is null ? Delivery.Cause : Cause)
        {
            ResentAs = ResentAs,
            Reason = Reason,
            Cancelled = Cancelled,
            Released = Released,
        };
}

/// <summary>Decides for each delivery; pure.</summary>
/// <param name="message">All deliveries of the message.</param>
/// <param name="chosen">Those that the caller means.</param>
/// <param name="byName">The caller named them one by one.</param>
/// <param name="now">The present.</param>
internal delegate IReadOnlyList<ChangePlan> Decide(
    LockedMessage message,
    IReadOnlyList<LockedDelivery> chosen,
    bool byName,
    DateTimeOffset now
);

/// <summary>Cancels what nobody has begun to send.</summary>
internal static class Cancelling
{
    public const string ByTenant = "by_tenant";

    public static Decide As(Asker asker) => (_, chosen, _, _) => Decide(chosen, asker);

    private static IReadOnlyList<ChangePlan> Decide(IReadOnlyList<LockedDelivery> chosen, Asker asker) =>
        [
            .. chosen.Select(d =>
                d.State == DeliveryState.Cancelled ? new ChangePlan(d) { Cancelled = true }
                : ChangeRule.WhyNotCancel(d.Facts, asker) is { } reason
                    ? new ChangePlan(d) { Reason = reason, Cancelled = false }
                : new ChangePlan(d)
                {
                    State = DeliveryState.Cancelled,
                    Cause = ByTenant,
                    Event = DeliveryState.Cancelled,
                    Cancelled = true,
                }
            ),
        ];
}

/// <summary>Puts what is held back into the queue, due now, with its schedules and its TTL clock started anew.</summary>
internal static class Releasing
{
    public static Decide As(Asker asker) => (_, chosen, _, _) => Decide(chosen, asker);

    private static IReadOnlyList<ChangePlan> Decide(IReadOnlyList<LockedDelivery> chosen, Asker asker) =>
        [
            .. chosen.Select(d =>
                ChangeRule.WhyNotRelease(d.Facts, asker) is { } reason
                    ? new ChangePlan(d) { Reason = reason, Released = false }
                    : new ChangePlan(d)
                    {
                        State = DeliveryState.Queued,
                        Event = "released",
                        Released = true,
                    }
            ),
        ];
}
