namespace Gateway.Mail.Smtp;

/// <summary>How far a session came. The stage of a refusal says more than its number.</summary>
public enum SmtpPhase
{
    Connect,
    Tls,
    Greeting,
    Hello,
    StartTls,
    Auth,
    MailFrom,
    RcptTo,
    Data,
    Content,
    FinalDot,
    Reset,
    Quit,
}

/// <summary>Why an exchange did not end with an acceptance.</summary>
public enum SmtpFailureKind
{
    None,

    /// <summary>The server said so; the reply is kept.</summary>
    Refused,

    /// <summary>A phase took longer than its time-out.</summary>
    Timeout,

    /// <summary>The connection ended, or was not usable any more.</summary>
    Closed,

    /// <summary>What came is not an SMTP reply, too long, or came unasked.</summary>
    Protocol,

    /// <summary>The handshake failed, or the certificate is not the one the policy wants.</summary>
    TlsFailed,

    /// <summary>TLS is demanded and not offered; nothing secret was sent.</summary>
    TlsRequired,

    /// <summary>The host has no address.</summary>
    Dns,
    ConnectRefused,

    /// <summary>No route, network down, or any other failure to connect.</summary>
    Unreachable,

    /// <summary>The message needs an extension that the server does not offer; nothing was sent.</summary>
    Capability,

    /// <summary>The message is larger than the server's SIZE; nothing was sent.</summary>
    TooLarge,

    /// <summary>The caller gave up.</summary>
    Canceled,
}
