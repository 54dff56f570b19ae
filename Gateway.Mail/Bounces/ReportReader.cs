using Gateway.Mail.Bounces.Classifying;
using Gateway.Mail.Bounces.Reading;
using Gateway.Mail.Messages;

namespace Gateway.Mail.Bounces;

/// <summary>
/// Reads what came back: DSN (RFC 3464, RFC 6533), ARF (RFC 5965), the bounces that hosts write in their own words, and
/// auto-replies (RFC 3834). Never throws for what the bytes hold; time is linear in their length.
/// </summary>
public static class ReportReader
{
    /// <summary>Reads the bytes of a message.</summary>
    public static MailReport Read(ReadOnlyMemory<byte> message) => Read(MimeMessage.Parse(message));

    /// <summary>Reads a parsed message; one that broke a limit is read as far as its tree goes.</summary>
    public static MailReport Read(MimeMessage message)
    {
        var notice = Notice.Of(message);
        var original = new OriginalMessage(notice.Original);
        var report =
            Complaints.Read(message, notice, original)
            ?? Failures.FromStatus(message, notice, original)
            ?? SesNotice.Read(notice)
            ?? Failures.FromWords(message, notice, original)
            ?? Answer(message);
        return report with
        {
            OriginalMessageId = report.OriginalMessageId ?? original.MessageId,
            OriginalReturnPath = original.ReturnPath,
            OriginalGatewayFields = original.GatewayFields,
            OriginalListUnsubscribe = original.Field("list-unsubscribe"),
        };
    }

    private static MailReport Answer(MimeMessage message)
    {
        if (Signs.IsUnsubscription(message))
        {
            return new MailReport(ReportKind.Unsubscribe, []);
        }

        return new MailReport(Signs.IsAutoReply(message) ? ReportKind.AutoReply : ReportKind.NotAReport, []);
    }
}
