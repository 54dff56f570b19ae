using Gateway.Ledger;
using Gateway.Mail.Addresses;
using Gateway.Mail.Messages;

namespace Gateway.Submissions;

/// <summary>
/// Turns the JSON of a message into a composable one: every address, name and header is parsed here, once, into types
/// that cannot hold what would break a line.
/// </summary>
public sealed class MessageBuilder
{
    private readonly List<FieldError> errors = [];

    private MessageBuilder() { }

    /// <summary>The message and its envelope, or all that is wrong with it.</summary>
    public static (
        OutgoingMessage? Message,
        IReadOnlyList<EmailAddress> Recipients,
        IReadOnlyList<FieldError> Errors
    ) Build(MessageRequest request, Guid messageId)
    {
        var builder = new MessageBuilder();
        var (message, recipients) = builder.Read(request, messageId);
        return builder.errors.Count > 0 ? (null, [], builder.errors) : (message, recipients, []);
    }

    /// <summary>Fixed at acceptance: whenever and however often the message is prepared, these are the same.</summary>
    public static string MessageIdHeader(Guid messageId, string domain) => $"{messageId:N}@{domain}";

    /// <summary>
    /// The message under another From: answers go to the given one, unless the tenant said where. Whose name the
    /// Message-ID bears follows the From.
    /// </summary>
    public static OutgoingMessage ShowAs(OutgoingMessage message, Mailbox shown, Guid messageId) =>
        message with
        {
            From = shown,
            ReplyTo = message.ReplyTo.Count > 0 ? message.ReplyTo : [message.From],
            MessageId = MessageIdHeader(messageId, shown.Address.Domain),
        };

    private (OutgoingMessage?, IReadOnlyList<EmailAddress>) Read(MessageRequest request, Guid messageId)
    {
        var from = request.From is null
            ? Refuse<Mailbox>("required", "from", null, "one address of a verified domain")
            : ReadAddress(request.From, "from");
        var (to, cc, bcc) = (ReadList(request.To, "to"), ReadList(request.Cc, "cc"), ReadList(request.Bcc, "bcc"));
        var replyTo = ReadList(request.ReplyTo, "reply_to");
        var headers = ReadHeaders(request.Headers);
        var attachments = ReadAttachments(request.Attachments);
        if (!HeaderText.TryCreate(request.Subject ?? "", out var subject, out var subjectError))
        {
            errors.Add(FieldError.Of(subjectError.Code, "subject", request.Subject, subjectError.Message));
        }

        CheckText(request.Text, "text");
        CheckText(request.Html, "html");
        if (from is null || subject is null || errors.Count > 0)
        {
            return (null, []);
        }

        var message = new OutgoingMessage
        {
            From = from,
            To = to,
            Cc = cc,
            ReplyTo = replyTo,
            Subject = subject.Value,
            Date = LedgerId.TimeOf(messageId),
            MessageId = MessageIdHeader(messageId, from.Address.Domain),
            BoundarySeed = messageId.ToString("N"),
            Text = request.Text,
            Html = request.Html,
            Headers = headers,
            Attachments = attachments,
        };
        return (message, Envelope(to, cc, bcc));
    }

    /// <summary>Each address once, in the order given: the place makes the delivery's id.</summary>
    private static List<EmailAddress> Envelope(params IReadOnlyList<Mailbox>[] lists)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return [.. lists.SelectMany(l => l).Select(m => m.Address).Where(a => seen.Add(a.Key))];
    }

    private List<Mailbox> ReadList(IReadOnlyList<AddressText>? list, string field)
    {
        var read = new List<Mailbox>(list?.Count ?? 0);
        for (var i = 0; i < (list?.Count ?? 0); i++)
        {
            if (ReadAddress(list![i], $"{field}[{i}]") is { } mailbox)
            {
                read.Add(mailbox);
            }
        }

        return read;
    }

    private Mailbox? ReadAddress(AddressText? given, string field)
    {
        if (given is null)
        {
            return Refuse<Mailbox>("required", field, null, "an address, not null");
        }

        if (!given.IsApart)
        {
            return Mailbox.TryParse(given.Text, out var mailbox, out var error)
                ? mailbox
                : Refuse<Mailbox>(error.Code, field, given.Text, error.Message);
        }

        if (!EmailAddress.TryParse(given.Text, out var address, out var addressError))
        {
            return Refuse<Mailbox>(addressError.Code, field + ".email", given.Text, addressError.Message);
        }

        return Mailbox.TryCreate(given.Name, address, out var named, out var nameError)
            ? named
            : Refuse<Mailbox>(nameError.Code, field + ".name", given.Name, nameError.Message);
    }

    private List<HeaderField> ReadHeaders(IReadOnlyDictionary<string, string>? given)
    {
        var read = new List<HeaderField>();
        foreach (var (name, value) in given ?? new Dictionary<string, string>())
        {
            var field = $"headers.{name}";
            if (value is null)
            {
                errors.Add(FieldError.Of("wrong_type", field, null, "a string"));
            }
            else if (!HeaderField.TryCreate(name, value, out var header, out var error))
            {
                errors.Add(FieldError.Of(error.Code, field, value, error.Message));
            }
            else if (IsOurs(name))
            {
                errors.Add(
                    FieldError.Of("header_reserved", field, value, "a header that the gateway does not write itself")
                );
            }
            else
            {
                read.Add(header);
            }
        }

        return read;
    }

    /// <summary>Carry our own ids upstream, or instructions to us.</summary>
    private static bool IsOurs(string name) =>
        name.StartsWith("X-Gateway-", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("X-Gw-", StringComparison.OrdinalIgnoreCase);

    private List<Attachment> ReadAttachments(IReadOnlyList<AttachmentRequest>? list)
    {
        var read = new List<Attachment>();
        for (var i = 0; i < (list?.Count ?? 0); i++)
        {
            var (field, item) = ($"attachments[{i}]", list![i]);
            if (item?.Content is not { Length: > 0 })
            {
                errors.Add(FieldError.Of("attachment_empty", field + ".content", null, "at least one byte in base64"));
            }
            else if (item.Disposition is not (null or "attachment" or "inline"))
            {
                errors.Add(
                    FieldError.Of("not_accepted", field + ".disposition", item.Disposition, "attachment or inline")
                );
            }
            else if (
                !Attachment.TryCreate(
                    item.Filename ?? "",
                    item.ContentType ?? "application/octet-stream",
                    item.Content,
                    item.ContentId,
                    item.Disposition == "inline",
                    out var attachment,
                    out var error
                )
            )
            {
                var (property, given) = Blamed(item, error.Code);
                errors.Add(FieldError.Of(error.Code, $"{field}.{property}", given, error.Message));
            }
            else
            {
                read.Add(attachment);
            }
        }

        return read;
    }

    private static (string Property, string? Given) Blamed(AttachmentRequest attachment, string code) =>
        code.StartsWith("content_type", StringComparison.Ordinal) ? ("content_type", attachment.ContentType)
        : code.StartsWith("content_id", StringComparison.Ordinal) ? ("content_id", attachment.ContentId)
        : ("filename", attachment.Filename);

    private void CheckText(string? text, string field)
    {
        // NUL ends strings in much of the world's mail software, and PostgreSQL's text cannot hold it.
        if (text?.IndexOf('\0') is >= 0 and var at)
        {
            errors.Add(FieldError.Of("control_character", field, null, $"text without NUL (there is one at {at})"));
        }
    }

    private T? Refuse<T>(string code, string field, string? value, string accepted)
        where T : class
    {
        errors.Add(FieldError.Of(code, field, value, accepted));
        return null;
    }
}
