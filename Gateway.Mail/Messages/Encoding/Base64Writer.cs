using System.Buffers;
using System.Buffers.Text;

namespace Gateway.Mail.Messages;

/// <summary>RFC 2045 §6.8: base64 in lines of 76 characters, straight from the bytes to the output.</summary>
internal static class Base64Writer
{
    private const int BytesPerLine = 57;
    private const int CharsPerLine = 76;
    private const int LinesPerSpan = 52; // about 4 KiB: what a pipe's segment holds

    /// <summary>Bytes that <see cref="Write"/> puts out.</summary>
    public static long Measure(long bytes) => ((bytes + 2) / 3 * 4) + (2 * ((Math.Max(bytes, 1) - 1) / BytesPerLine));

    /// <summary>Lines are joined by CRLF; none follows the last.</summary>
    public static void Write(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output)
    {
        while (!bytes.IsEmpty)
        {
            var span = output.GetSpan(LinesPerSpan * (CharsPerLine + 2));
            var written = 0;
            for (var line = 0; line < LinesPerSpan && !bytes.IsEmpty; line++)
            {
                var take = Math.Min(BytesPerLine, bytes.Length);
                Base64.EncodeToUtf8(bytes[..take], span[written..], out _, out var chars);
                written += chars;
                bytes = bytes[take..];
                if (!bytes.IsEmpty)
                {
                    span[written++] = (byte)'\r';
                    span[written++] = (byte)'\n';
                }
            }

            output.Advance(written);
        }
    }
}
