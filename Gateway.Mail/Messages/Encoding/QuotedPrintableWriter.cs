using System.Buffers;

namespace Gateway.Mail.Messages;

/// <summary>
/// RFC 2045 §6.7 for text whose lines end in CRLF. Beyond the rules it encodes a dot or "From " at the start of a line,
/// which old relays change (RFC 2049 §3).
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
            var line = NextLine(ref text, out var ended);
            long cost = line.Length;
            foreach (var b in line)
                cost += b is < (byte)' ' or > (byte)'~' or (byte)'=' ? 2 : 0;
            total += cost + (3 * (Math.Max(cost, 1) - 1) / Columns) + (ended ? 2 : 0);
        }

        return total;
    }

    /// <summary>The last line ends as the text does, with or without CRLF.</summary>
    public static void Write(ReadOnlySpan<byte> text, IBufferWriter<byte> output)
    {
        while (!text.IsEmpty)
        {
            WriteLine(NextLine(ref text, out var ended), output);
            if (ended)
                output.Write("\r\n"u8);
        }
    }

    private static ReadOnlySpan<byte> NextLine(ref ReadOnlySpan<byte> text, out bool ended)
    {
        var end = text.IndexOf("\r\n"u8);
        ended = end >= 0;
        var line = ended ? text[..end] : text;
        text = ended ? text[(end + 2)..] : default;
        return line;
    }

    private static void WriteLine(ReadOnlySpan<byte> line, IBufferWriter<byte> output)
    {
        var column = 0;
        if (line.StartsWith("."u8) || line.StartsWith("From "u8))
        {
            Escape(line[0], output, ref column);
            line = line[1..];
        }

        while (!line.IsEmpty)
        {
            var run = line.IndexOfAnyExcept(Plain);
            run = run < 0 ? line.Length : run;
            if (run == line.Length && run > 0 && line[^1] == ' ')
                run--; // rule 3: a space at the end of a line is encoded
            if (run == 0)
            {
                Escape(line[0], output, ref column);
                line = line[1..];
                continue;
            }

            WriteRun(line[..run], output, ref column);
            line = line[run..];
        }
    }

    private static void WriteRun(ReadOnlySpan<byte> run, IBufferWriter<byte> output, ref int column)
    {
        while (!run.IsEmpty)
        {
            if (column == Columns)
                SoftBreak(output, ref column);
            var take = Math.Min(run.Length, Columns - column);
            output.Write(run[..take]);
            column += take;
            run = run[take..];
        }
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
