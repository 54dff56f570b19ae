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
            var c = line[i];
            var last = i == line.Length - 1;

            // RFC 2045 §6.7 (3): white space may not end a line. A dot or "From " first on a line is quoted as well:
            // neither SMTP nor an mbox can then alter it.
            var plain = c is >= 33 and <= 126 and not (byte)'=' || (c is (byte)' ' or (byte)'\t' && !last);
            plain &= column > 0 || (c != '.' && !line[i..].StartsWith("From "u8));
            var width = plain ? 1 : 3;
            if (column + width > MaxLine - (last ? 0 : 1))
            {
                to.Write("=\r\n"u8);
                column = 0;
                width = plain && c != '.' ? 1 : 3;
                plain = width == 1;
            }

            to.Write(plain ? [c] : [(byte)'=', Digit(c >> 4), Digit(c & 15)]);
            column += width;
        }
    }

    private static byte Digit(int value) => (byte)(value < 10 ? '0' + value : 'A' + value - 10);
}
