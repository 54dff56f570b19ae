using System.Text;
using Gateway.Mail.Addresses;
using Gateway.Mail.Messages;

namespace Gateway.Submissions;

/// <summary>
/// A message that the tenant composed itself. Its body is never touched; of its header only what a submission server
/// owns is taken out or added (RFC 6409 §8).
/// </summary>
public sealed partial record RawMessage
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

    public required ReadOnlyMemory<byte> Bytes { get; init; }
    public required Mailbox From { get; init; }
    public required EmailAddress? Sender { get; init; }
    public required string Subject { get; init; }

    /// <summary>To, Cc and Bcc, each address once; none where the envelope is given apart.</summary>
    public required IReadOnlyList<EmailAddress> Recipients { get; init; }

    /// <summary>Reads and checks what a door was given: the bytes that will be kept, or what is wrong with them.</summary>
    /// <param name="given">The message.</param>
    /// <param name="envelopeApart">
    /// True where the recipients are not taken from the header: its To, Cc and Bcc are then text like any other, which
    /// "undisclosed recipients" may fill.
    /// </param>
    public static (RawMessage? Message, IReadOnlyList<FieldError> Errors) Read(
        ReadOnlyMemory<byte> given,
        bool envelopeApart
    )
    {
        if (!MessageBytes.TryNormalise(given, out var bytes, out var refusal))
        {
            return Refuse(refusal.Rule.ToString(), "message", refusal.ToString(), Accepted(refusal.Rule));
        }

        var message = ParseFromFirstField(bytes);
        if (message.Refusal is { } limit)
        {
            var (more, most) = (limit.ToString(), $"at most {limit.Allowed}");
            return Refuse(
                "mime_limit",
                "message",
                more,
                more[..more.LastIndexOf(" at ", StringComparison.Ordinal)]
                    .Replace($"more than {limit.Allowed}", most, StringComparison.Ordinal)
            );
        }

        // What readers take in different ways could hide a second From from one of them. What stands before the first
        // field is not handed over, so it is in nobody's way.
        if (message.AmbiguousHeader is { } doubt)
        {
            var line = doubt.Offset + bytes.Length - message.Bytes.Length;
            return Refuse(
                "header_malformed",
                "message",
                $"the line at byte {line} is no header field",
                "header fields \"Name: value\", then an empty line, then the body (RFC 5322 §2.1)"
            );
        }

        foreach (var name in AtMostOnce)
        {
            if (message.Headers.Count(name) is > 1 and var count)
            {
                return Refuse("header_repeated", name, $"{count} fields", $"one {name} field (RFC 5322 §3.6)");
            }
        }

        return ReadHeader(bytes, message, envelopeApart ? [] : ["To", "Cc", "Bcc"]);
    }

    private static (RawMessage?, IReadOnlyList<FieldError>) ReadHeader(
        ReadOnlyMemory<byte> bytes,
        MimeMessage message,
        string[] envelope
    )
    {
        var errors = new List<FieldError>();
        var from = ReadList(message, "From", errors);
        var sender = ReadList(message, "Sender", errors);
        var recipients = envelope.SelectMany(n => ReadList(message, n, errors)).ToArray();
        if (errors.Count > 0)
        {
            return (null, errors);
        }

        if (from is not [{ Address: { } address, Name: var name }])
        {
            var shown = message.Headers.First("From")?.Value;
            return Refuse("from_not_one", "From", shown, "one From field with one address of a verified domain");
        }

        // The reader puts U+FFFD for what is no text; where the field itself is ASCII, an encoded word said it.
        if (
            name?.Contains('\uFFFD') == true
            && message.Headers.First("From")?.Value is { } field
            && Ascii.IsValid(field)
        )
        {
            return Refuse(
                "from_name_not_text",
                "From",
                field,
                "a name whose encoded words hold no line break or control"
            );
        }

        // RFC 5322 §3.6.2: Sender is one mailbox; of several, each reader would show another.
        if (message.Headers.First("Sender")?.Value is { } given && sender is not [{ Address: not null }])
        {
            return Refuse("sender_not_one", "Sender", given, "one Sender field with one address of a verified domain");
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        return (
            new RawMessage
            {
                Bytes = bytes,
                From = Mailbox.TryCreate(name, address, out var mailbox, out _) ? mailbox : new Mailbox(null, address),
                Sender = sender is [{ Address: var writer }] ? writer : null,
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
