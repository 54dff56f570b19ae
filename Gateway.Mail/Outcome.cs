namespace Gateway.Mail;

/// <summary>
/// What one try to hand over one delivery came to. One vocabulary for a submission's answer, a DSN and a
/// provider's event, so that health, retry and the ledger never translate between three of them.
/// </summary>
public enum Outcome
{
    /// <summary>The next hop took responsibility (SMTP 250 after the final dot, HTTP 2xx for this recipient).</summary>
    Accepted,

    /// <summary>This address cannot be reached: stop for the recipient, nobody else is to blame.</summary>
    RecipientPermanent,

    /// <summary>Mailbox full, greylisted, per-recipient rate: retry later, same path preferred.</summary>
    RecipientTemporary,

    /// <summary>The message itself is refused: too big, malformed, unsupported.</summary>
    MessagePermanent,

    /// <summary>The message's content is refused: spam, virus, policy on content.</summary>
    ContentRefused,

    /// <summary>The path cannot carry mail now (connect, TLS, credentials, suspension): fail over, no attempt spent.</summary>
    PathDown,

    /// <summary>The path asks us to slow down.</summary>
    PathThrottled,

    /// <summary>The path is refused by the far side (IP or domain reputation, authentication): never the recipient's fault.</summary>
    PathBlocked,

    /// <summary>The next hop may have accepted: nobody answered after the last byte.</summary>
    Unknown,

    /// <summary>We spoke the protocol wrongly; another path would fail alike.</summary>
    AdapterBug,
}

/// <summary>How wide the reason of an <see cref="Outcome"/> reaches; a circuit opens only for this much.</summary>
public enum OutcomeScope
{
    None,
    Recipient,
    Message,
    Account,
    Region,
    Identity,
    Stream,
    Ip,
    RemoteDomain,
}
