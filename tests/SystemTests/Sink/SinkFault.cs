namespace SystemTests.Sink;

/// <summary>What a sink does to a message while the fault is on.</summary>
internal enum SinkFault
{
    None,

    /// <summary>The connection is reset as soon as it is made.</summary>
    RefuseConnection,

    /// <summary>421 instead of a greeting.</summary>
    ShuttingDown,

    /// <summary>STARTTLS is answered with 220, and the handshake with bytes that are no TLS.</summary>
    BrokenTls,

    /// <summary>530 to MAIL: our login, so the path's fault.</summary>
    LoginWanted,

    /// <summary>451 4.7.0 to MAIL.</summary>
    SlowDown,

    /// <summary>554 5.7.1 relay access denied to RCPT: a refusal that is the path's fault and no bounce.</summary>
    RelayDenied,

    /// <summary>450 4.2.2 to RCPT: the recipient's own temporary refusal.</summary>
    MailboxFull,

    /// <summary>Reset while the content is on its way.</summary>
    ResetInContent,

    /// <summary>451 to the final dot; not kept.</summary>
    LaterAtDot,

    /// <summary>Reset after the final dot; not kept, which the sender cannot know.</summary>
    LoseAtDot,

    /// <summary>Kept, then reset without a reply.</summary>
    ResetAfterDot,

    /// <summary>Kept, half of the reply, then the end of the connection.</summary>
    HalfReply,

    /// <summary>Kept, the reply 2 s late.</summary>
    Slow,
}
