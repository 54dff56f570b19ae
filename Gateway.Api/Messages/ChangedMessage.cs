using System.Text.Json.Serialization;

namespace Gateway.Api.Messages;

/// <summary>What a cancellation, release or resend came to, delivery by delivery.</summary>
/// <param name="State">Of the message, as it is now.</param>
public sealed record ChangedMessage(Guid Id, string State, IReadOnlyList<ChangedDelivery> Deliveries);

/// <param name="State">As it is now.</param>
/// <param name="Reason">Why it was left as it is; absent where it was changed.</param>
public sealed record ChangedDelivery(Guid Id, string To, string State, string? Cause)
{
    /// <summary>Only in the answer of a cancellation: it is cancelled now, by this call or before it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Cancelled { get; init; }

    /// <summary>Only in the answer of a release.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Released { get; init; }

    /// <summary>Only in the answer of a resend: the new delivery.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Guid? ResentAs { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }
}

/// <summary>Why a delivery was left as it is: stable words.</summary>
internal static class ChangeReason
{
    public const string BeingSent = "being_sent";
    public const string MaybeSent = "outcome_unknown";
    public const string AlreadySent = "already_sent";
    public const string Ended = "ended";
    public const string NotHeld = "not_held";
    public const string Unfinished = "unfinished";
    public const string AlreadyResent = "already_resent";
    public const string Suppressed = "suppressed";
    public const string ContentGone = "content_gone";
    public const string DeadlinePassed = "deadline_passed";
    public const string TooManyDeliveries = "too_many_deliveries";

    public static string Explain(string reason) =>
        reason switch
        {
            Unfinished => "it is still on its way.",
            MaybeSent => "it may have been sent; wait until that is known.",
            AlreadySent => "it was sent; name it as ?delivery=… to send it once more.",
            AlreadyResent => "it was sent again already; look at that delivery.",
            Suppressed => "the recipient is suppressed.",
            ContentGone => "its content is not kept any more.",
            DeadlinePassed => "its deliver_within is over.",
            TooManyDeliveries => "a message can have 4095 deliveries and this one has them.",
            _ => "it has ended.",
        };
}
