using System.Text;
using Gateway.Mail.Messages;

namespace Gateway.Providers.SendGrid;

/// <summary>Whether JSON carries a message without loss, as the contract states SendGrid's habits.</summary>
internal static class SendGridParts
{
    /// <summary>Rejected in <c>headers</c>, or written from other fields of the request, or of the wire.</summary>
    private static readonly HashSet<string> NotForwarded = new(StringComparer.OrdinalIgnoreCase)
    {
        "x-sg-id",
        "x-sg-eid",
        "x-smtpapi",
        "received",
        "return-path",
        "dkim-signature",
        "content-type",
        "content-transfer-encoding",
        "content-disposition",
        "content-id",
        "content-description",
        "mime-version",
        "to",
        "from",
        "subject",
        "reply-to",
        "cc",
        "bcc",
        "resent-bcc",
        "date",
        CarriedIds.Header,
    };

    /// <summary>True where something would be lost or garbled, so that the SMTP endpoint is the way.</summary>
    public static bool NeedsRaw(SplitMessage split)
    {
        if (split.NeedsRaw || string.IsNullOrWhiteSpace(split.Headers.First("subject")?.Text))
        {
            return true;
        }

        // Values of content must not be empty.
        if (split.Text is null && split.Html is null)
        {
            return true;
        }

        // An attached text loses its charset, a name beyond ASCII arrives garbled.
        foreach (var part in split.Attachments.Concat(split.Inline))
        {
            if (
                part.ContentType.IsText
                || part.ContentType.IsMessage
                || (part.FileName is { } name && !Ascii.IsValid(name))
            )
            {
                return true;
            }
        }

        // An object of strings holds each name once; Sender was never tried (feature-parity.md).
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        return split.Headers.Count("sender") > 0 || Forwarded(split.Headers).Any(h => !names.Add(h.Name));
    }

    /// <summary>The fields that travel in <c>headers</c>: values unfolded, encoded words left as they are.</summary>
    public static IEnumerable<(string Name, string Value)> Forwarded(HeaderFields headers)
    {
        foreach (var field in headers)
        {
            var name = Encoding.ASCII.GetString(field.Name.Span);
            if (!NotForwarded.Contains(name))
            {
                yield return (name, field.Value);
            }
        }
    }
}
