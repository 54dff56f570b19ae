using System.Security.Cryptography;
using Gateway.Ledger;
using Gateway.Mail;
using Gateway.Mail.Addresses;
using Gateway.Mail.Bounces;
using Gateway.Reports;

namespace Gateway.Webhooks.Mail;

/// <summary>What a mail to one of our addresses was found to be, and what it reports of the delivery; null reports nothing.</summary>
internal sealed record MailFinding(string Outcome, DeliveryReport? Report);

/// <summary>Reads mail that came back; pure. The address said which delivery it is about, the mail says what became of it.</summary>
internal static class MailReading
{
    public const string AutoReply = "auto_reply";
    public const string NotAReport = "not_a_report";

    /// <summary>To an address of everybody's, and nothing in it proves which delivery it is about.</summary>
    public const string Unmatched = "unmatched";

    public const string Leave = "unsubscribe";

    /// <param name="mail">As it came.</param>
    /// <param name="recipient">The policy key of the delivery's recipient; null where the ledger no longer has it.</param>
    /// <param name="report">The same, read.</param>
    public static MailFinding Read(StoredMail mail, MailReport report, string? recipient)
    {
        if (mail.Kind == InboundMailKind.Report)
        {
            // Only complaints come this way: a bounce goes to the envelope's sender, who leaves to the address for it.
            return report.Kind switch
            {
                ReportKind.Complaint when mail.DeliveryId != Guid.Empty => Complaint(mail, report),
                ReportKind.AutoReply => new(AutoReply, null),
                _ => new(Unmatched, null),
            };
        }

        if (mail.Kind == InboundMailKind.Unsubscribe)
        {
            // Whatever a person's program writes there, unless a machine answered (RFC 3834 §2), or a bounce came, which
            // has no sender.
            return report.Kind is ReportKind.Unsubscribe or ReportKind.NotAReport && mail.MailFrom.Length > 0
                ? new(Leave, null)
                : new(AutoReply, null);
        }

        return report.Kind switch
        {
            // A mail program's opt-out, sent where a complaint would go.
            ReportKind.Unsubscribe => new(Leave, null),
            ReportKind.Complaint => Complaint(mail, report),
            ReportKind.Bounce or ReportKind.Delayed or ReportKind.Delivered => Status(mail, report, recipient),
            // A person's answer to the envelope's address, or a responder's: nothing about the delivery.
            ReportKind.AutoReply => new(AutoReply, null),
            _ => new(NotAReport, null),
        };
    }

    private static MailFinding Complaint(StoredMail mail, MailReport report) =>
        report.FeedbackType switch
        {
            // RFC 6430: the recipient took it back.
            "not-spam" => new("not_spam", null),
            // RFC 6591: a host tells that a signature or an address did not verify; nobody complained.
            "auth-failure" => new("auth_failure", null),
            var type => new(
                "complaint",
                Say(mail, Reported.Complained, "arf") with
                {
                    Facts = type is { Length: > 0 }
                        ? new Dictionary<string, string> { ["feedback_type"] = type }
                        : new Dictionary<string, string>(),
                }
            ),
        };

    private static MailFinding Status(StoredMail mail, MailReport report, string? recipient)
    {
        if (Ours(report.Recipients, recipient) is not { } about)
        {
            return new(NotAReport, null);
        }

        var (outcome, kind) = about switch
        {
            { Action: "delayed" } => ("delayed", Reported.Deferred),
            { Outcome: Outcome.Accepted } => ("delivered", Reported.Delivered),
            _ => ("bounce", Reported.Failed),
        };
        return new(
            outcome,
            Say(mail, kind, "dsn") with
            {
                Outcome = about.Outcome,
                Scope = about.Scope,
                Class = about.Class,
                Reply = about.Diagnostic.Length > 0 ? about.Diagnostic : null,
                Status = about.Status?.ToString(),
            }
        );
    }

    /// <summary>
    /// We send to one recipient at a time. A report that names several comes from behind a list or a forwarder: the one that
    /// is ours if it is named, else all of them only if all say the same.
    /// </summary>
    private static RecipientReport? Ours(IReadOnlyList<RecipientReport> named, string? recipient)
    {
        if (named.Count <= 1)
        {
            return named.Count == 1 ? named[0] : null;
        }

        return named.FirstOrDefault(r =>
                recipient is not null && (Is(r.OriginalRecipient, recipient) || Is(r.Recipient, recipient))
            ) ?? (named.All(r => r.Outcome == named[0].Outcome && r.Action == named[0].Action) ? named[0] : null);
    }

    private static bool Is(string? written, string recipient) =>
        written is not null && EmailAddress.TryParse(written, out var address, out _) && address.Key == recipient;

    private static DeliveryReport Say(StoredMail mail, Reported kind, string source) =>
        new()
        {
            MessageId = LedgerId.MessageOf(mail.DeliveryId),
            DeliveryId = mail.DeliveryId,
            Attempt = mail.Attempt > 0 ? mail.Attempt : null,
            Kind = kind,
            Source = source,
            SourceEventId = $"mail:{mail.DeliveryId}:{Convert.ToHexStringLower(SHA256.HashData(mail.Content))}",
            At = mail.ReceivedAt,
        };
}
