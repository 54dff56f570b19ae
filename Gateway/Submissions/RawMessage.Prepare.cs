using System.Buffers;
using System.Globalization;
using Gateway.Ledger;
using Gateway.Mail.Addresses;
using Gateway.Mail.Messages;

namespace Gateway.Submissions;

public sealed partial record RawMessage
{
    /// <summary>Written by transports on the way (RFC 5321 §4.4) or by us: from a sender they are claims, and left out.</summary>
    private static readonly string[] TakenOut =
    [
        "Bcc",
        "Resent-Bcc",
        "Return-Path",
        "Received",
        "Delivered-To",
        "DKIM-Signature",
        "Authentication-Results",
        "ARC-Seal",
        "ARC-Message-Signature",
        "ARC-Authentication-Results",
        "X-Gw-Message-Id",
    ];

    private const string OurPrefix = "X-Gateway-";

    /// <summary>The bytes to hand over: own fields out, and Date and Message-ID in where the sender left them out.</summary>
    /// <param name="given">The message as it was accepted.</param>
    /// <param name="messageId">Ours.</param>
    /// <param name="shownAs">
    /// The From in place of the given one. Answers then go to the given one, unless the sender said where; and its
    /// Sender field goes, since that would name the foreign domain again.
    /// </param>
    public static ReadOnlyMemory<byte> Prepare(ReadOnlyMemory<byte> given, Guid messageId, Mailbox? shownAs = null)
    {
        var message = ParseFromFirstField(given);
        var remove = TakenOut.Concat(Ours(message)).Where(n => message.Headers.Count(n) > 0).ToArray();
        var add = new List<HeaderLine>(2);
        if (message.Headers.Count("Date") == 0)
        {
            var date = LedgerId.TimeOf(messageId).ToString("ddd, dd MMM yyyy HH:mm:ss", CultureInfo.InvariantCulture);
            add.Add(Line("Date", date + " +0000"));
        }

        if (message.Headers.Count("Message-ID") == 0)
        {
            var domain = (shownAs ?? GivenFrom(message)).Address.Domain;
            add.Add(Line("Message-ID", $"<{MessageBuilder.MessageIdHeader(messageId, domain)}>"));
        }

        if (shownAs is not null)
        {
            add.Add(HeaderLine.Of("From", shownAs));
            if (message.Headers.First("Reply-To")?.Value is not { Length: > 0 })
            {
                add.Add(HeaderLine.Of("Reply-To", GivenFrom(message)));
                remove = [.. remove, "Reply-To"];
            }

            remove = [.. remove, "From", "Sender"];
        }

        if (remove.Length == 0 && add.Count == 0)
        {
            return message.Bytes;
        }

        var output = new ArrayBufferWriter<byte>(message.Bytes.Length + 256);
        HeaderEdits.Write(message, new HeaderChanges { Remove = remove, Prepend = add }, output);
        return output.WrittenMemory;
    }

    /// <summary>An RFC 6532 header needs SMTPUTF8 on the next hop.</summary>
    public static bool HasInternationalHeader(ReadOnlyMemory<byte> bytes) =>
        !System.Text.Ascii.IsValid(bytes.Span[MimeMessage.Parse(bytes).Root.HeaderRange]);

    /// <summary>
    /// Without a mailbox file's "From " line (RFC 4155) or white space before the first field: left over by a program,
    /// and on the wire the end of the header to many readers.
    /// </summary>
    private static MimeMessage ParseFromFirstField(ReadOnlyMemory<byte> given)
    {
        var message = MimeMessage.Parse(given);
        var start = message.Headers is [var first, ..] ? first.Field.Start.Value : 0;
        return start == 0 ? message : MimeMessage.Parse(given[start..]);
    }

    private static IEnumerable<string> Ours(MimeMessage message) =>
        message
            .Headers.Select(h => System.Text.Encoding.ASCII.GetString(h.Name.Span))
            .Where(n => n.StartsWith(OurPrefix, StringComparison.OrdinalIgnoreCase))
            .Distinct(StringComparer.OrdinalIgnoreCase);

    private static Mailbox GivenFrom(MimeMessage message) =>
        ReadList(message, "From", []) is [{ Address: { } address, Name: var name }, ..]
            ? Mailbox.TryCreate(name, address, out var from, out _)
                ? from
                : new Mailbox(null, address)
            : throw new InvalidDataException("an accepted message has no From any more");

    private static HeaderLine Line(string name, string value) =>
        HeaderLine.TryCreate(name, value, out var line)
            ? line!
            : throw new InvalidDataException($"{name} cannot be written");
}
