namespace Gateway.Mail.Messages;

/// <summary>The lines between "begin" and "end" of uuencode (POSIX), for old mail that declares x-uuencode.</summary>
internal static class UuDecoder
{
    /// <summary>The decoded bytes; content without a "begin" line stays as it is. Never throws.</summary>
    public static byte[] Decode(ReadOnlySpan<byte> encoded)
    {
        var begin = encoded.StartsWith("begin "u8) ? 0 : encoded.IndexOf("\nbegin "u8) + 1;
        if (begin == 0 && !encoded.StartsWith("begin "u8))
        {
            return encoded.ToArray();
        }

        var to = new byte[encoded.Length];
        var length = 0;
        for (var at = LineEnds.Next(encoded, begin); at < encoded.Length; )
        {
            var next = LineEnds.Next(encoded, at);
            var line = encoded[at..next].TrimEnd("\r\n"u8);
            at = next;
            if (line.IsEmpty || line.SequenceEqual("end"u8))
            {
                break;
            }

            length += Line(line[1..], (line[0] - 32) & 63, to.AsSpan(length));
        }

        return to[..length];
    }

    private static int Line(ReadOnlySpan<byte> line, int count, Span<byte> to)
    {
        // Never by the received count alone: a line holds three bytes for four characters.
        count = Math.Min(count, line.Length * 3 / 4);
        for (var i = 0; i < count; i++)
        {
            var at = i / 3 * 4;
            to[i] = (i % 3) switch
            {
                0 => (byte)((Bits(line, at) << 2) | (Bits(line, at + 1) >> 4)),
                1 => (byte)((Bits(line, at + 1) << 4) | (Bits(line, at + 2) >> 2)),
                _ => (byte)((Bits(line, at + 2) << 6) | Bits(line, at + 3)),
            };
        }

        return count;
    }

    private static int Bits(ReadOnlySpan<byte> line, int at) => at < line.Length ? (line[at] - 32) & 63 : 0;
}
