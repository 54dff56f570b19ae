using Gateway.Ledger;

namespace Gateway.Cohorts;

/// <summary>What decides whether a delivery may be sent again, released, cancelled or parked.</summary>
/// <param name="IsBegun">Its bytes may be leaving at this moment.</param>
public sealed record ChangeFacts(string State, string? Cause, bool IsBegun)
{
    /// <summary>Another delivery repeats it.</summary>
    public bool WasResent { get; init; }
    public bool HasContent { get; init; } = true;

    /// <summary>Its <c>deliver_within</c> is over.</summary>
    public bool IsLate { get; init; }

    /// <summary>The recipient is suppressed now, in this tenant's stream.</summary>
    public bool IsSuppressed { get; init; }
}

/// <summary>Who asks.</summary>
public enum Asker
{
    Tenant,

    /// <summary>By a key that manages and has been in use for long: no thief made it.</summary>
    TenantInCharge,
    Operator,
}

/// <summary>
/// Why not? Pure: the answer of a preview, of one message's door and of a job in a Worker is the same. Null: it may be.
/// </summary>
public static class ChangeRule
{
    /// <param name="delivery">As it is, under lock or in a preview.</param>
    /// <param name="asker">A tenant does not undo what the platform holds.</param>
    /// <param name="maySendTwice">The caller means mail that was sent, too: a copy more is better than none.</param>
    public static string? WhyNotResend(ChangeFacts delivery, Asker asker, bool maySendTwice) =>
        WhyNotByState(delivery, asker, maySendTwice)
        ?? (
            delivery.WasResent ? ChangeReason.AlreadyResent
            : !delivery.HasContent ? ChangeReason.ContentGone
            : delivery.IsLate ? ChangeReason.DeadlinePassed
            : delivery.IsSuppressed ? ChangeReason.Suppressed
            : null
        );

    public static string? WhyNotRelease(ChangeFacts delivery, Asker asker) =>
        delivery.State != DeliveryState.Held || delivery.IsBegun ? ChangeReason.NotHeld
        : HoldCause.IsKeptFrom(asker, delivery.Cause) ? ChangeReason.HeldByOperator
        : null;

    public static string? WhyNotCancel(ChangeFacts delivery, Asker asker) =>
        delivery.State switch
        {
            // What is cancelled may be resent: that would be a release by another name.
            DeliveryState.Held when HoldCause.IsKeptFrom(asker, delivery.Cause) => ChangeReason.HeldByOperator,
            DeliveryState.Queued or DeliveryState.Deferred or DeliveryState.Held => delivery.IsBegun
                ? ChangeReason.BeingSent
                : null,
            DeliveryState.Sending => ChangeReason.BeingSent,
            // "Cancelled" says that it was not sent, and of this one nobody can say so.
            DeliveryState.Unknown => ChangeReason.MaybeSent,
            DeliveryState.Sent or DeliveryState.Delivered => ChangeReason.AlreadySent,
            _ => ChangeReason.Ended,
        };

    public static string? WhyNotHold(ChangeFacts delivery) =>
        delivery.State switch
        {
            DeliveryState.Queued or DeliveryState.Deferred => delivery.IsBegun ? ChangeReason.BeingSent : null,
            DeliveryState.Sending => ChangeReason.BeingSent,
            DeliveryState.Unknown => ChangeReason.MaybeSent,
            DeliveryState.Sent or DeliveryState.Delivered => ChangeReason.AlreadySent,
            _ => ChangeReason.Ended,
        };

    private static string? WhyNotByState(ChangeFacts d, Asker asker, bool maySendTwice) =>
        d.State switch
        {
            DeliveryState.Bounced or DeliveryState.Expired or DeliveryState.Cancelled => null,
            DeliveryState.Held => d.IsBegun ? ChangeReason.Unfinished
            : HoldCause.IsKeptFrom(asker, d.Cause) ? ChangeReason.HeldByOperator
            : null,
            DeliveryState.Sent => maySendTwice ? null : ChangeReason.AlreadySent,
            DeliveryState.Delivered => ChangeReason.AlreadySent,
            DeliveryState.Suppressed => ChangeReason.Suppressed,
            DeliveryState.Unknown => ChangeReason.MaybeSent,
            _ => ChangeReason.Unfinished,
        };
}
