using System.Buffers;
using System.Text;

namespace Gateway.Mail.Messages;

/// <summary>
/// The MIME tree: mixed(alternative(text, related(html, inline…)), files…), each level only where it has two children
/// (RFC 2046 §5.1, RFC 2387).
/// </summary>
internal sealed class ComposedBody : IDisposable
{
    private readonly TextPart? text;
    private readonly TextPart? html;
    private readonly IReadOnlyList<Attachment> attachments;
    private readonly int inlineCount;
    private readonly Boundaries boundaries;

    public ComposedBody(OutgoingMessage message)
    {
        var plain = message.Text;
        if (plain is null && message is { Html: { } source, TextFromHtml: true })
            plain = HtmlText.ToPlainText(source);
        html = message.Html is null ? null : TextPart.From(message.Html);
        attachments = message.Attachments;
        inlineCount = html is null ? 0 : attachments.Count(static a => a.Inline);
        var isEmpty = plain is null && html is null && attachments.Count == 0;
        text = plain is null && !isEmpty ? null : TextPart.From(plain ?? "");
        boundaries = HasParts ? Boundaries.From(message.BoundarySeed, IsInContent) : default;
    }

    private int FileCount => attachments.Count - inlineCount;

    private bool HasBoth => text is not null && html is not null;

    private bool HasParts => HasBoth || attachments.Count > 0;

    public void Write(ref HeaderWriter header, IBufferWriter<byte> output)
    {
        if (!HasParts)
        {
            WriteAlone(ref header, output);
            return;
        }

        if (FileCount == 0)
        {
            WriteText(ref header, output);
        }
        else
        {
            Begin(ref header, output, "multipart/mixed", boundaries.Mixed);
            if (text is not null || html is not null)
            {
                Delimit(output, boundaries.Mixed);
                WriteText(ref header, output);
            }

            WriteAttachments(ref header, output, boundaries.Mixed, isInline: false);
            Close(output, boundaries.Mixed);
        }

        output.Write("\r\n"u8);
    }

    public void Dispose()
    {
        text?.Dispose();
        html?.Dispose();
    }

    private void WriteText(ref HeaderWriter header, IBufferWriter<byte> output)
    {
        if (!HasBoth)
        {
            WriteOneText(ref header, output);
            return;
        }

        Begin(ref header, output, "multipart/alternative", boundaries.Alternative);
        Delimit(output, boundaries.Alternative);
        PartWriter.WriteText(ref header, output, "text/plain", text!.Value);
        Delimit(output, boundaries.Alternative);
        WriteHtml(ref header, output);
        Close(output, boundaries.Alternative);
    }

    private void WriteOneText(ref HeaderWriter header, IBufferWriter<byte> output)
    {
        if (html is not null)
            WriteHtml(ref header, output);
        else
            PartWriter.WriteText(ref header, output, "text/plain", text!.Value);
    }

    private void WriteHtml(ref HeaderWriter header, IBufferWriter<byte> output)
    {
        if (inlineCount == 0)
        {
            PartWriter.WriteText(ref header, output, "text/html", html!.Value);
            return;
        }

        // RFC 2387 §3.1: the type of the root is required
        Begin(ref header, output, "multipart/related", boundaries.Related, "text/html");
        Delimit(output, boundaries.Related);
        PartWriter.WriteText(ref header, output, "text/html", html!.Value);
        WriteAttachments(ref header, output, boundaries.Related, isInline: true);
        Close(output, boundaries.Related);
    }

    private void WriteAttachments(ref HeaderWriter header, IBufferWriter<byte> output, string boundary, bool isInline)
    {
        foreach (var attachment in attachments)
        {
            if ((attachment.Inline && html is not null) != isInline)
                continue;
            Delimit(output, boundary);
            PartWriter.WriteAttachment(ref header, output, attachment);
        }
    }

    private void WriteAlone(ref HeaderWriter header, IBufferWriter<byte> output)
    {
        var part = html ?? text!.Value;
        WriteOneText(ref header, output);
        if (part.Bytes.EndsWith("\r\n"u8) && part.Encoding != PartEncoding.Base64)
            return;

        // A soft line break ends the last line without adding one to the text.
        output.Write(part is { Encoding: PartEncoding.QuotedPrintable, Bytes.IsEmpty: false } ? "=\r\n"u8 : "\r\n"u8);
    }

    private static void Begin(
        ref HeaderWriter header,
        IBufferWriter<byte> output,
        string type,
        string boundary,
        string? root = null
    )
    {
        header.Name("Content-Type");
        header.Word(type, 1);
        if (root is not null)
            ParameterWriter.Write(ref header, "type", root);
        ParameterWriter.Write(ref header, "boundary", boundary);
        header.End();
    }

    private static void Delimit(IBufferWriter<byte> output, string boundary) => WriteLine(output, boundary, "\r\n");

    private static void Close(IBufferWriter<byte> output, string boundary) => WriteLine(output, boundary, "--");

    // RFC 2046 §5.1.1: the CRLF before the delimiter belongs to the delimiter
    private static void WriteLine(IBufferWriter<byte> output, string boundary, string end)
    {
        output.Write("\r\n--"u8);
        output.Advance(Encoding.ASCII.GetBytes(boundary, output.GetSpan(boundary.Length)));
        output.Advance(Encoding.ASCII.GetBytes(end, output.GetSpan(end.Length)));
    }

    private bool IsInContent(string stem)
    {
        Span<byte> bytes = stackalloc byte[64];
        var needle = (ReadOnlySpan<byte>)bytes[..Encoding.ASCII.GetBytes(stem, bytes)];
        if (Holds(text, needle) || Holds(html, needle))
            return true;
        foreach (var attachment in attachments)
        {
            if (PartWriter.TravelsAsItIs(attachment) && attachment.Content.Span.IndexOf(needle) >= 0)
                return true;
        }

        return false;
    }

    private static bool Holds(TextPart? part, ReadOnlySpan<byte> needle) =>
        part is { Encoding: PartEncoding.SevenBit } text && text.Bytes.IndexOf(needle) >= 0;
}
