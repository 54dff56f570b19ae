using System.Buffers;
using System.Globalization;
using Gateway.Ledger;
using Gateway.Mail.Addresses;
using Gateway.Mail.Messages;

namespace Gateway.Submissions;

/// <summary>
/// A message that the tenant composed itself. Its body is never touched; of its header only what a submission server
/// owns is taken out or added (RFC 6409 §8).
/// </summary>
public sealed record RawMessage
{
    /// <summary>RFC 5322 §3.6: at most one of each; two would be read differently by different readers.</summary>
    private static readonly string[] AtMostOnce =
    [
        "From",
        "Sender",
        "Reply-To",
        "To",
        "Cc",
        "Bcc",
        "Subject",
        "Date",
        "Message-ID",
        "MIME-Version",
        "Content-Type",
        "Content-Transfer-Encoding",
    ];

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

    public required ReadOnlyMemory<byte> Bytes { get; init; }
    public required Mailbox From { get; init; }
    public required EmailAddress? Sender { get; init; }
    public required string Subject { get; init; }

    /// <summary>To, Cc and Bcc, each address once.</summary>
    public required IReadOnlyList<EmailAddress> Recipients { get; init; }

    /// <summary>Reads and checks what a door was given: the bytes that will be kept, or what is wrong with them.</summary>
    public static (RawMessage? Message, IReadOnlyList<FieldError> Errors) Read(ReadOnlyMemory<byte> given)
    {
        if (!MessageBytes.TryNormalise(given, out var bytes, out var refusal))
        {
            return Refuse(refusal.Rule.ToString(), "message", refusal.ToString(), Accepted(refusal.Rule));
        }

        var message = MimeMessage.Parse(bytes);
        if (message.Refusal is { } limit)
        {
            return Refuse("mime_limit", "message", limit.ToString(), $"at most {limit.Allowed}");
        }

        if (message.AmbiguousHeader is { } doubt)
        {
            return Refuse(
                "header_ambiguous",
                "message",
                $"{doubt.Kind} at byte {doubt.Offset}",
                "header fields \"Name: value\" and an empty line after them, nothing else before the body"
            );
        }

        foreach (var name in AtMostOnce)
        {
            if (message.Headers.Count(name) is > 1 and var count)
            {
                return Refuse("header_repeated", name, $"{count} fields", $"one {name} field (RFC 5322 §3.6)");
            }
        }

        return ReadHeader(message);
    }

    /// <summary>The bytes to hand over: own fields out, and Date and Message-ID in where the sender left them out.</summary>
    public static ReadOnlyMemory<byte> Prepare(ReadOnlyMemory<byte> bytes, Guid messageId)
    {
        var message = MimeMessage.Parse(bytes);
        var remove = TakenOut.Concat(Ours(message)).Where(n => message.Headers.Count(n) > 0).ToArray();
        var add = new List<HeaderLine>(2);
        if (message.Headers.Count("Date") == 0)
        {
            var date = LedgerId.TimeOf(messageId).ToString("ddd, dd MMM yyyy HH:mm:ss", CultureInfo.InvariantCulture);
            add.Add(Line("Date", date + " +0000"));
        }

        if (message.Headers.Count("Message-ID") == 0)
        {
            var domain =
                ReadList(message, "From", []).FirstOrDefault()?.Address?.Domain
                ?? throw new InvalidDataException("an accepted message has no From any more");
            add.Add(Line("Message-ID", $"<{MessageBuilder.MessageIdHeader(messageId, domain)}>"));
        }

        if (remove.Length == 0 && add.Count == 0)
        {
            return bytes;
        }

        var output = new ArrayBufferWriter<byte>(bytes.Length + 256);
        HeaderEdits.Write(message, new HeaderChanges { Remove = remove, Prepend = add }, output);
        return output.WrittenMemory;
    }

    /// <summary>An RFC 6532 header needs SMTPUTF8 on the next hop.</summary>
    public static bool HasInternationalHeader(ReadOnlyMemory<byte> bytes) =>
        !System.Text.Ascii.IsValid(bytes.Span[MimeMessage.Parse(bytes).Root.HeaderRange]);

    private static (RawMessage?, IReadOnlyList<FieldError>) ReadHeader(MimeMessage message)
    {
        var errors = new List<FieldError>();
        var from = ReadList(message, "From", errors);
        var sender = ReadList(message, "Sender", errors);
        var recipients = ((string[])["To", "Cc", "Bcc"]).SelectMany(n => ReadList(message, n, errors)).ToArray();
        if (errors.Count > 0)
        {
            return (null, errors);
        }

        if (from is not [{ Address: { } address, Name: var name }])
        {
            var given = message.Headers.First("From")?.Value;
            return Refuse("from_not_one", "From", given, "one From field with one address of a verified domain");
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        return (
            new RawMessage
            {
                Bytes = message.Bytes,
                From = Mailbox.TryCreate(name, address, out var mailbox, out _) ? mailbox : new Mailbox(null, address),
                Sender = sender.FirstOrDefault()?.Address,
                Subject = message.Headers.First("Subject")?.Text ?? "",
                Recipients = [.. AddressList.Addresses(recipients).Where(a => seen.Add(a.Key))],
            },
            []
        );
    }

    private static IReadOnlyList<AddressListEntry> ReadList(MimeMessage message, string name, List<FieldError> errors)
    {
        if (message.Headers.First(name)?.Value is not { Length: > 0 } value)
        {
            return [];
        }

        if (!AddressList.TryParse(value, out var entries, out var error))
        {
            errors.Add(FieldError.Of(error.Code, name, value, error.Message));
            return [];
        }

        foreach (var entry in Flatten(entries).Where(e => e.Address is null))
        {
            errors.Add(FieldError.Of(entry.Error.Code, name, entry.Text, entry.Error.Message));
        }

        return entries;
    }

    private static IEnumerable<AddressListEntry> Flatten(IEnumerable<AddressListEntry> entries) =>
        entries.SelectMany(e => e.Members ?? [e]);

    private static IEnumerable<string> Ours(MimeMessage message) =>
        message
            .Headers.Select(h => System.Text.Encoding.ASCII.GetString(h.Name.Span))
            .Where(n => n.StartsWith(OurPrefix, StringComparison.OrdinalIgnoreCase))
            .Distinct(StringComparer.OrdinalIgnoreCase);

    private static HeaderLine Line(string name, string value) =>
        HeaderLine.TryCreate(name, value, out var line)
            ? line!
            : throw new InvalidDataException($"{name} cannot be written");

    private static string Accepted(MessageBytesRule rule) =>
        rule switch
        {
            MessageBytesRule.MixedLineEnds => "CRLF at the end of every line, or LF at the end of every line",
            MessageBytesRule.BareCarriageReturn => "no CR without LF",
            MessageBytesRule.Nul => "no NUL",
            _ => $"lines of at most {MessageBytes.MaxLineBytes} bytes (RFC 5322 §2.1.1)",
        };

    private static (RawMessage?, IReadOnlyList<FieldError>) Refuse(
        string code,
        string field,
        string? value,
        string accepted
    ) => (null, [FieldError.Of(SnakeCase(code), field, value, accepted)]);

    private static string SnakeCase(string code) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(code);
}
