using Gateway.Mail.Smtp;

namespace Gateway.Mail.Bounces;

/// <summary>What a report says about one recipient. Texts are a stranger's: no control characters, bounded, never trusted.</summary>
public sealed record RecipientReport
{
    /// <summary>
    /// The address as the report names it; after forwarding it is not the one we sent to, so correlate by VERP. Empty
    /// if the report names none.
    /// </summary>
    public required string Recipient { get; init; }

    /// <summary>Original-Recipient (RFC 3464 §2.3.1) or Original-Rcpt-To, without its type.</summary>
    public string? OriginalRecipient { get; init; }

    /// <summary>RFC 3464 §2.3.3, lower case: <c>failed</c>, <c>delayed</c>, <c>delivered</c>, <c>relayed</c>, <c>expanded</c>; else what was written.</summary>
    public string Action { get; init; } = "failed";

    /// <summary>The enhanced status that counts: the diagnostic's, else the Status field's.</summary>
    public EnhancedStatus? Status { get; init; }

    /// <summary>The SMTP reply code in the diagnostic or the text, or null.</summary>
    public int? ReplyCode { get; init; }

    /// <summary>Diagnostic-Code without its type, else what the notice says about this recipient, on one line.</summary>
    public string Diagnostic { get; init; } = "";

    /// <summary>Remote-MTA without its type, or null.</summary>
    public string? RemoteMta { get; init; }

    public Outcome Outcome { get; init; } = Outcome.Unknown;
    public OutcomeScope Scope { get; init; }

    /// <summary>The line of the tables that decided.</summary>
    public string Rule { get; init; } = "";

    public BounceClass Class { get; init; }

    /// <summary>True only for a final failure with positive evidence against the address: it may be suppressed.</summary>
    public bool IsHard => Class == BounceClass.Hard;
}
