namespace Gateway.Mail.Bounces;

/// <summary>What a message that came back to us is.</summary>
public enum ReportKind
{
    /// <summary>Nothing that tells about one of our messages.</summary>
    NotAReport,

    /// <summary>At least one recipient will not get the message.</summary>
    Bounce,

    /// <summary>A host is still trying (RFC 3464 §2.3.3 "delayed"): never a bounce.</summary>
    Delayed,

    /// <summary>Delivered, relayed or expanded, and nothing failed.</summary>
    Delivered,

    /// <summary>A person or a filter reported the message (RFC 5965).</summary>
    Complaint,

    /// <summary>A responder answered (RFC 3834): never a bounce.</summary>
    AutoReply,

    /// <summary>A mail program asked on behalf of its user to be sent no more (RFC 2369 mailto).</summary>
    Unsubscribe,
}

/// <summary>What a failure says about the address, the message or us. Finer than <see cref="Outcome"/> for reports.</summary>
public enum BounceClass
{
    /// <summary>No failure: delivered, or a complaint.</summary>
    None,

    /// <summary>The address or its domain does not exist, by positive evidence. Only this suppresses.</summary>
    Hard,

    /// <summary>The mailbox is full; it may be emptied.</summary>
    MailboxFull,

    /// <summary>Refused for who sends, from where, how much, or what: never the address's fault.</summary>
    Block,

    /// <summary>Unreachable, expired, switched off, or failing on the far side.</summary>
    Soft,

    /// <summary>Failed, and nothing readable tells why.</summary>
    Unknown,
}
