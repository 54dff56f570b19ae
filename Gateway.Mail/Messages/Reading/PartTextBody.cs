using System.Buffers;
using System.Text;

namespace Gateway.Mail.Messages;

/// <summary>New text in a part's own transfer encoding and charset, or the nearest that can hold it.</summary>
internal readonly record struct PartTextBody(byte[] Bytes, byte[]? NewHeaders)
{
    public static PartTextBody Make(MimePart part, string text, bool amongParts)
    {
        var crlf = part.Headers.Length == 0 || part.Headers[0].Raw.Span.EndsWith("\r\n"u8);
        text = Lines(text, crlf);
        var fits = TryEncode(part.ContentType.Charset, text, out var content);
        content = fits ? content : Encoding.UTF8.GetBytes(text);
        var encoding = part.TransferEncoding;
        var holds =
            encoding is PartEncoding.Base64 or PartEncoding.QuotedPrintable
            || CanStandAs(encoding, content, amongParts);
        var bytes =
            holds && encoding is not (PartEncoding.Base64 or PartEncoding.QuotedPrintable)
                ? content
                : Encoded(encoding, content);
        return fits && holds
            ? new PartTextBody(bytes, NewHeaders: null)
            : new PartTextBody(bytes, Headers(part, fits, holds, crlf ? "\r\n" : "\n"));
    }

    private static byte[] Encoded(PartEncoding encoding, ReadOnlySpan<byte> content)
    {
        var to = new ArrayBufferWriter<byte>(content.Length + (content.Length / 2) + 64);
        if (encoding == PartEncoding.Base64)
            Base64Writer.Write(content, to);
        else
            QuotedPrintableWriter.Write(content, to);
        return to.WrittenSpan.ToArray();
    }

    private static string Lines(string text, bool crlf)
    {
        text = text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        return crlf ? text.Replace("\n", "\r\n", StringComparison.Ordinal) : text;
    }

    private static bool TryEncode(string? charset, string text, out byte[] content)
    {
        content = [];
        if (string.IsNullOrEmpty(charset) || charset.Equals("us-ascii", StringComparison.OrdinalIgnoreCase))
        {
            content = Encoding.ASCII.GetBytes(text);
            return Ascii.IsValid(text);
        }

        // Where a line end is more than its own bytes, as in UTF-16, no line of the message could be told from the text.
        if (!Charsets.TryFind(charset, out var encoding) || encoding.GetByteCount("\n") > 1)
        {
            return false;
        }

        content = encoding.GetBytes(text);
        return Charsets.Decode(charset, content) == text;
    }

    // RFC 2045 §2.7 and §2.8: 7bit and 8bit hold lines of at most 998 bytes, without NUL. Among other parts a line that
    // begins with "--" might be their boundary: the text comes from elsewhere and must not end its own part.
    private static bool CanStandAs(PartEncoding encoding, ReadOnlySpan<byte> content, bool amongParts)
    {
        if (encoding == PartEncoding.UuEncode || (encoding == PartEncoding.SevenBit && !Ascii.IsValid(content)))
        {
            return false;
        }

        while (!content.IsEmpty)
        {
            var next = LineEnds.Next(content, 0);
            if (amongParts && content.StartsWith("--"u8))
            {
                return false;
            }

            if (
                next - LineEnds.TrailingLength(content[..next]) > MessageBytes.MaxLineBytes
                || content[..next].Contains((byte)0)
            )
            {
                return false;
            }

            content = content[next..];
        }

        return true;
    }

    private static byte[] Headers(MimePart part, bool keepCharset, bool keepEncoding, string lineEnd)
    {
        var to = new ArrayBufferWriter<byte>();
        to.Write(part.BeforeFields.Span);
        foreach (var field in part.Headers)
        {
            var dropped =
                (!keepCharset && field.NameIs("content-type"))
                || (!keepEncoding && field.NameIs("content-transfer-encoding"));
            to.Write(dropped ? [] : field.Raw.Span);
        }

        if (!keepCharset)
        {
            to.Write(Encoding.ASCII.GetBytes($"Content-Type: {part.ContentType.MediaType}; charset=utf-8{lineEnd}"));
        }

        if (!keepEncoding)
        {
            to.Write(Encoding.ASCII.GetBytes($"Content-Transfer-Encoding: quoted-printable{lineEnd}"));
        }

        return to.WrittenSpan.ToArray();
    }
}
