namespace Gateway.Mail.Smtp;

/// <summary>What one transaction came to. A refusal is a value, and so is not knowing.</summary>
public sealed record SmtpTransaction
{
    /// <summary>The server took responsibility: 2xx after the final dot. Look at <see cref="Recipients"/> for whom.</summary>
    public required bool Accepted { get; init; }

    /// <summary>The last phase that was entered, or the one that refused.</summary>
    public required SmtpPhase Phase { get; init; }

    /// <summary>The reply that decided: the final one, or the first refusal. Null when none came.</summary>
    public SmtpReply? Reply { get; init; }

    /// <summary>The replies to RCPT TO, in the envelope's order; shorter when the exchange broke before.</summary>
    public IReadOnlyList<SmtpReply> Recipients { get; init; } = [];

    public SmtpFailureKind Failure { get; init; }

    /// <summary>The final dot was (even partly) written and no answer came: never send blindly again.</summary>
    public bool MayHaveBeenAccepted { get; init; }

    /// <summary>One sentence for people.</summary>
    public string Detail { get; init; } = "";
}
