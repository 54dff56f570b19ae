using System.Buffers;

namespace Gateway.Mail.Messages;

/// <summary>
/// RFC 2045 §6.7 for text whose lines end in CRLF or in LF. Beyond the rules it encodes what others would take for
/// more than text at the start of a line: a dot (SMTP), "From " (mbox, RFC 2049 §3), "--" (a boundary, RFC 2046 §5.1.1).
/// </summary>
internal static class QuotedPrintableWriter
{
    // RFC 2045 §6.7 rule 5: 76 with the '=' of the soft line break
    private const int Columns = 75;

    private static readonly SearchValues<byte> Plain = SearchValues.Create(
        " !\"#$%&'()*+,-./0123456789:;<>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"u8
    );

    /// <summary>Bytes that <see cref="Write"/> puts out, but for some soft line breaks that move an escape to the next line.</summary>
    public static long Measure(ReadOnlySpan<byte> text)
    {
        long total = 0;
        while (!text.IsEmpty)
        {
            var line = NextLine(ref text, out var end);
            long cost = line.Length;
            foreach (var b in line)
                cost += b is < (byte)' ' or > (byte)'~' or (byte)'=' ? 2 : 0;
            total += cost + (3 * (Math.Max(cost, 1) - 1) / Columns) + end.Length;
        }

        return total;
    }

    /// <summary>Each line ends as it does in the text; the last one perhaps not at all.</summary>
    public static void Write(ReadOnlySpan<byte> text, IBufferWriter<byte> output)
    {
        while (!text.IsEmpty)
        {
            WriteLine(NextLine(ref text, out var end), output);
            output.Write(end);
        }
    }

    private static ReadOnlySpan<byte> NextLine(ref ReadOnlySpan<byte> text, out ReadOnlySpan<byte> end)
    {
        var line = text[..LineEnds.Next(text, 0)];
        text = text[line.Length..];
        end = line[^LineEnds.TrailingLength(line)..];
        return line[..^end.Length];
    }

    private static void WriteLine(ReadOnlySpan<byte> line, IBufferWriter<byte> output)
    {
        var column = 0;
        while (!line.IsEmpty)
        {
            if (column == Columns)
                SoftBreak(output, ref column);
            var run = column == 0 && MeansMore(line) ? 0 : PlainRun(line, Columns - column);
            if (run == 0)
            {
                Escape(line[0], output, ref column);
                run = 1;
            }
            else
            {
                output.Write(line[..run]);
                column += run;
            }

            line = line[run..];
        }
    }

    // A line of the output also begins after each soft line break.
    private static bool MeansMore(ReadOnlySpan<byte> line) =>
        line[0] == '.' || line.StartsWith("--"u8) || line.StartsWith("From "u8);

    private static int PlainRun(ReadOnlySpan<byte> line, int room)
    {
        var run = line[..Math.Min(line.Length, room)];
        var end = run.IndexOfAnyExcept(Plain);
        if (end < 0)
            end = run.Length;
        return end == line.Length && line[^1] == ' ' ? end - 1 : end; // rule 3: no space at the end of a line
    }

    private static void Escape(byte b, IBufferWriter<byte> output, ref int column)
    {
        if (column + 3 > Columns)
            SoftBreak(output, ref column);
        var span = output.GetSpan(3);
        span[0] = (byte)'=';
        span[1] = "0123456789ABCDEF"u8[b >> 4];
        span[2] = "0123456789ABCDEF"u8[b & 15];
        output.Advance(3);
        column += 3;
    }

    private static void SoftBreak(IBufferWriter<byte> output, ref int column)
    {
        output.Write("=\r\n"u8);
        column = 0;
    }
}
