namespace Gateway.Providers;

/// <summary>A provider that can be asked, by our own ids, what became of a mail whose answer was lost (D11).</summary>
public interface ILooksUp
{
    /// <summary>Asks once. Not knowing is an answer; what is thrown is a bug of the adapter.</summary>
    Task<LookUp> LookUpAsync(SentMail sent, CancellationToken cancel);
}

/// <summary>The attempt whose fate is asked for.</summary>
public sealed record SentMail
{
    public required Guid DeliveryId { get; init; }

    /// <summary>As in <see cref="OutboundMail.Attempt"/>.</summary>
    public required int Attempt { get; init; }
    public required string Recipient { get; init; }

    /// <summary>The domain of the message's From.</summary>
    public required string FromDomain { get; init; }

    /// <summary>When the attempt began.</summary>
    public required DateTimeOffset SentAt { get; init; }
}

public enum LookUpAnswer
{
    /// <summary>The provider has it and delivers, or did: nothing is to be sent again.</summary>
    Taken,

    /// <summary>The provider has it and will not deliver it; its event says why.</summary>
    Refused,

    /// <summary>Not there, after the time in which it would have shown.</summary>
    Absent,

    /// <summary>Not there yet, and too early to take that for an answer.</summary>
    NotYet,

    /// <summary>The provider did not answer the question.</summary>
    CannotTell,
}

/// <param name="Detail">One sentence for people.</param>
public sealed record LookUp(LookUpAnswer Answer, string Detail)
{
    /// <summary>The provider's own id of the mail.</summary>
    public string? ProviderId { get; init; }

    /// <summary>The receiver took it; false where that is not known.</summary>
    public bool IsDelivered { get; init; }
}
