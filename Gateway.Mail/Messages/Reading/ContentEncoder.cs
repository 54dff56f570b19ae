using System.Buffers;
using System.Buffers.Text;

namespace Gateway.Mail.Messages;

/// <summary>Base64 and quoted-printable for a part whose text is replaced in place.</summary>
internal static class ContentEncoder
{
    // RFC 2045 §6.7 (5) and §6.8: lines of at most 76 characters.
    private const int MaxLine = 76;

    public static byte[] Base64(ReadOnlySpan<byte> content)
    {
        var to = new ArrayBufferWriter<byte>((content.Length * 4 / 3) + 64);
        while (!content.IsEmpty)
        {
            var take = Math.Min(content.Length, MaxLine / 4 * 3);
            _ = System.Buffers.Text.Base64.EncodeToUtf8(content[..take], to.GetSpan(MaxLine), out _, out var written);
            to.Advance(written);
            content = content[take..];
            to.Write(content.IsEmpty ? [] : "\r\n"u8);
        }

        return to.WrittenSpan.ToArray();
    }

    public static byte[] QuotedPrintable(ReadOnlySpan<byte> content)
    {
        var to = new ArrayBufferWriter<byte>(content.Length + (content.Length / 8) + 64);
        while (!content.IsEmpty)
        {
            var next = LineEnds.Next(content, 0);
            var ending = LineEnds.TrailingLength(content[..next]);
            QuotedLine(content[..(next - ending)], to);
            to.Write(content[(next - ending)..next]);
            content = content[next..];
        }

        return to.WrittenSpan.ToArray();
    }

    private static void QuotedLine(ReadOnlySpan<byte> line, ArrayBufferWriter<byte> to)
    {
        var column = 0;
        for (var i = 0; i < line.Length; i++)
        {
            var room = MaxLine - (i == line.Length - 1 ? 0 : 1);
            if (column + (IsPlain(line, i, column) ? 1 : 3) > room)
            {
                to.Write("=\r\n"u8);
                column = 0;
            }

            var plain = IsPlain(line, i, column);
            to.Write(plain ? [line[i]] : [(byte)'=', Digit(line[i] >> 4), Digit(line[i] & 15)]);
            column += plain ? 1 : 3;
        }
    }

    private static bool IsPlain(ReadOnlySpan<byte> line, int at, int column)
    {
        var c = line[at];
        if (c is (byte)' ' or (byte)'\t')
        {
            // RFC 2045 §6.7 (3): white space may not end a line.
            return at < line.Length - 1;
        }

        if (c is < 33 or > 126 or (byte)'=')
        {
            return false;
        }

        // At the start of a line "-" could make a boundary of the text (RFC 2046 §5.1.1), "." and "From " are what SMTP
        // and mbox would alter.
        return column > 0 || (c is not ((byte)'.' or (byte)'-') && !line[at..].StartsWith("From "u8));
    }

    private static byte Digit(int value) => (byte)(value < 10 ? '0' + value : 'A' + value - 10);
}
