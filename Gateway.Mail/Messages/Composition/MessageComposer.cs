using System.Buffers;
using System.Text;

namespace Gateway.Mail.Messages;

/// <summary>Writes a message given in parts as RFC 5322 and MIME: 7-bit clean, CRLF only, no line above 998.</summary>
public static class MessageComposer
{
    /// <summary>
    /// Writes header and body. Attachments go from their memory to the output without a copy between. Text and HTML
    /// keep every character; their line ends become CRLF, and a lone text ends with one.
    /// </summary>
    /// <remarks>
    /// Pure and deterministic. A visible UTF-8 address makes the header UTF-8
    /// (<see cref="OutgoingMessage.NeedsSmtpUtf8"/>); all else is ASCII.
    /// </remarks>
    public static void Compose(OutgoingMessage message, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(output);
        using var body = new ComposedBody(message);
        var header = new HeaderWriter(output);
        WriteHeaders(message, ref header);
        body.Write(ref header, output);
    }

    private static void WriteHeaders(OutgoingMessage message, ref HeaderWriter header)
    {
        MailboxWriter.Write(ref header, "From", message.From);
        if (message.Sender is not null)
            MailboxWriter.Write(ref header, "Sender", message.Sender);
        MailboxWriter.Write(ref header, "Reply-To", message.ReplyTo);
        MailboxWriter.Write(ref header, "To", message.To);
        MailboxWriter.Write(ref header, "Cc", message.Cc);
        HeaderTextWriter.Write(ref header, "Subject", message.Subject, HeaderWriter.PreferredLine - 2);
        WriteDate(ref header, message.Date);
        header.Name("Message-ID");
        header.Append(" <"); // never folded: too many readers take the first line for the whole field
        header.Append(message.MessageId);
        header.Append(">");
        header.End();
        WriteUnsubscribe(ref header, message.ListUnsubscribe);
        foreach (var field in message.Headers)
        {
            if (message.ListUnsubscribe is null || !IsUnsubscribe(field.Name.Value))
                HeaderTextWriter.Write(ref header, field.Name.Value, field.Value.Value);
        }

        header.Field("MIME-Version", "1.0");
    }

    // RFC 5322 §3.3
    private static void WriteDate(ref HeaderWriter header, DateTimeOffset date)
    {
        Span<char> text = stackalloc char[40];
        date.TryFormat(
            text,
            out var length,
            "ddd, dd MMM yyyy HH:mm:ss zzz",
            System.Globalization.CultureInfo.InvariantCulture
        );
        (text[length - 3], text[length - 2]) = (text[length - 2], text[length - 1]); // "+02:00" to "+0200"
        header.Field("Date", text[..(length - 1)]);
    }

    private static void WriteUnsubscribe(ref HeaderWriter header, ListUnsubscribe? list)
    {
        if (list is null)
            return;

        // RFC 2369 §2: links in angle brackets, in order of preference
        header.Name("List-Unsubscribe");
        if (list.HttpsLink is { } https)
        {
            header.Word($"<{https}>", 1);
            if (list.MailtoLink is not null)
                header.Append(",");
        }

        if (list.MailtoLink is { } mailto)
            header.Word($"<{mailto}>");
        header.End();
        if (list.OneClick)
            header.Field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"); // RFC 8058 §3.1
    }

    private static bool IsUnsubscribe(string name) =>
        name.Equals("List-Unsubscribe", StringComparison.OrdinalIgnoreCase)
        || name.Equals("List-Unsubscribe-Post", StringComparison.OrdinalIgnoreCase);
}
