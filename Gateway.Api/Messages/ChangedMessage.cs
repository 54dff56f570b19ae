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
