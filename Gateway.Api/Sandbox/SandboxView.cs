using Gateway.Mail.Messages;

namespace Gateway.Api.Sandbox;

/// <summary>A mail of the sandbox as a mail program would show it; <c>/raw</c> has the bytes.</summary>
/// <param name="Headers">All fields in their order, decoded.</param>
/// <param name="Attachments">What is neither its text nor its HTML; inline images too.</param>
public sealed record SandboxView(
    Guid Id,
    Guid MessageId,
    string To,
    string From,
    string Subject,
    DateTimeOffset ReceivedAt,
    IReadOnlyList<SandboxHeader> Headers,
    string? Text,
    string? Html,
    IReadOnlyList<SandboxAttachment> Attachments
)
{
    internal static SandboxView Of(SandboxMail mail)
    {
        var message = MimeMessage.Parse(mail.Raw);
        var parts = MessageParts.Split(message);
        return new SandboxView(
            mail.Id,
            mail.MessageId,
            mail.To,
            mail.From,
            mail.Subject,
            mail.ReceivedAt,
            [.. message.Headers.Select(SandboxHeader.Of)],
            parts.Text?.DecodeText(),
            parts.Html?.DecodeText(),
            [.. parts.Inline.Concat(parts.Attachments).Select(SandboxAttachment.Of)]
        );
    }
}

public sealed record SandboxHeader(string Name, string Value)
{
    internal static SandboxHeader Of(HeaderSlice field) =>
        new(System.Text.Encoding.UTF8.GetString(field.Name.Span), field.Text);
}

/// <param name="Filename">As the sender gave it: never a path to be trusted.</param>
/// <param name="Size">Bytes, decoded.</param>
/// <param name="ContentId">Without its angle brackets.</param>
public sealed record SandboxAttachment(string? Filename, string ContentType, int Size, string? ContentId)
{
    internal static SandboxAttachment Of(MimePart part) =>
        new(part.FileName, part.ContentType.MediaType, part.DecodeContent().Length, part.ContentId);
}
