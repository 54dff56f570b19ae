using Gateway.Mail.Bounces.Reading;
using Gateway.Mail.Messages;

namespace Gateway.Mail.Bounces;

/// <summary>Feedback reports, and the one large sender of complaints without the feedback part.</summary>
internal static class Complaints
{
    public static MailReport? Read(MimeMessage message, Notice notice, OriginalMessage original)
    {
        var feedback = FeedbackReader.Read(message, notice) ?? WithoutPart(message, original);
        if (feedback is null)
        {
            return null;
        }

        var recipients = feedback.OriginalRecipients.Select(address => new RecipientReport
        {
            Recipient = address,
            OriginalRecipient = address,
            Action = "complained",
            Outcome = Outcome.Accepted,
            Rule = "feedback/" + feedback.FeedbackType,
        });
        return new MailReport(ReportKind.Complaint, [.. recipients])
        {
            Feedback = feedback,
            OriginalEnvelopeId = feedback.OriginalEnvelopeId,
            ReportingMta = feedback.ReportingMta,
        };
    }

    // Microsoft's junk mail reporting sends the message alone, with the recipient in a field of the copy.
    private static FeedbackReport? WithoutPart(MimeMessage message, OriginalMessage original)
    {
        var subject = message.Headers.First("subject")?.Text ?? "";
        var recipient = original.Field("x-hmxmroriginalrecipient");
        return
            recipient is not null
            || subject.StartsWith("complaint about message from", StringComparison.OrdinalIgnoreCase)
            ? new FeedbackReport
            {
                FeedbackType = "abuse",
                OriginalRecipients = recipient is null ? [] : [PlainText.Address(recipient)],
            }
            : null;
    }
}
