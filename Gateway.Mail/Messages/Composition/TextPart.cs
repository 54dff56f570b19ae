using System.Buffers;
using System.Text;

namespace Gateway.Mail.Messages;

/// <summary>A text as UTF-8 with CRLF line ends, in a rented buffer, and the transfer encoding it needs.</summary>
internal readonly struct TextPart : IDisposable
{
    // RFC 5322 §2.1.1
    private const int LongestLine = 998;

    private readonly byte[] buffer;
    private readonly int length;

    private TextPart(byte[] buffer, int length)
    {
        this.buffer = buffer;
        this.length = length;
        Encoding = Choose(buffer.AsSpan(0, length));
    }

    public PartEncoding Encoding { get; }

    public ReadOnlySpan<byte> Bytes => buffer.AsSpan(0, length);

    public static TextPart From(string text)
    {
        var breaks = text.AsSpan().Count('\n') + text.AsSpan().Count('\r');
        var rented = ArrayPool<byte>.Shared.Rent(System.Text.Encoding.UTF8.GetByteCount(text) + breaks);
        return new TextPart(rented, Normalise(text, rented));
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(buffer);

    /// <summary>True if the bytes can travel as they are: ASCII text, CRLF only, no line above 998.</summary>
    public static bool IsSevenBit(ReadOnlySpan<byte> bytes)
    {
        if (!Ascii.IsValid(bytes) || bytes.ContainsAnyInRange<byte>(0, 8) || bytes.ContainsAnyInRange<byte>(14, 31))
            return false;
        if (bytes.ContainsAny((byte)'\v', (byte)'\f', (byte)0x7F))
            return false;
        while (!bytes.IsEmpty)
        {
            var end = bytes.IndexOfAny((byte)'\r', (byte)'\n');
            if ((end < 0 ? bytes.Length : end) > LongestLine)
                return false;
            if (end < 0)
                return true;
            if (!bytes[end..].StartsWith("\r\n"u8))
                return false;
            bytes = bytes[(end + 2)..];
        }

        return true;
    }

    // RFC 2046 §4.1.1: the canonical line break of text is CRLF, whatever the sender's system uses.
    private static int Normalise(ReadOnlySpan<char> text, Span<byte> buffer)
    {
        var written = 0;
        while (true)
        {
            var end = text.IndexOfAny('\r', '\n');
            written += System.Text.Encoding.UTF8.GetBytes(end < 0 ? text : text[..end], buffer[written..]);
            if (end < 0)
                return written;
            buffer[written++] = (byte)'\r';
            buffer[written++] = (byte)'\n';
            text = text[(text[end..].StartsWith("\r\n") ? end + 2 : end + 1)..];
        }
    }

    private static PartEncoding Choose(ReadOnlySpan<byte> bytes)
    {
        // "From " at the start of a line becomes ">From " in mbox files, and the signature breaks (RFC 4155).
        if (IsSevenBit(bytes) && !bytes.StartsWith("From "u8) && bytes.IndexOf("\nFrom "u8) < 0)
            return PartEncoding.SevenBit;
        return QuotedPrintableWriter.Measure(bytes) <= Base64Writer.Measure(bytes.Length)
            ? PartEncoding.QuotedPrintable
            : PartEncoding.Base64;
    }
}
