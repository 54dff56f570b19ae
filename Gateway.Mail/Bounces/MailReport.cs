namespace Gateway.Mail.Bounces;

/// <summary>A message that came back to us, read. Correlate by our own ids first: addresses change on the way.</summary>
public sealed record MailReport(ReportKind Kind, IReadOnlyList<RecipientReport> Recipients)
{
    /// <summary>Message-ID of the message reported about, without angle brackets, or null.</summary>
    public string? OriginalMessageId { get; init; }

    /// <summary>The ENVID we gave (RFC 3461 §4.4), or null.</summary>
    public string? OriginalEnvelopeId { get; init; }

    /// <summary>Return-Path of the message reported about: our VERP address, if nobody rewrote it.</summary>
    public string? OriginalReturnPath { get; init; }

    /// <summary>Every <c>X-Gw-*</c> field of the message reported about, names in lower case.</summary>
    public IReadOnlyDictionary<string, string> OriginalGatewayFields { get; init; } = NoFields;

    /// <summary>List-Unsubscribe (RFC 2369 §3.2) of the message reported about, unfolded: where its recipient would leave; or null.</summary>
    public string? OriginalListUnsubscribe { get; init; }

    /// <summary>Reporting-MTA without its type, or null.</summary>
    public string? ReportingMta { get; init; }

    /// <summary>The fields of a feedback report (RFC 5965); null for other kinds.</summary>
    public FeedbackReport? Feedback { get; init; }

    /// <summary>Feedback-Type in lower case; null for other kinds.</summary>
    public string? FeedbackType => Feedback?.FeedbackType;

    internal static IReadOnlyDictionary<string, string> NoFields { get; } = new Dictionary<string, string>();
}
