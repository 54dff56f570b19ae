namespace Gateway.Mail.Messages;

/// <summary>Quoted-printable (RFC 2045 §6.7), lenient: "=" before what is no hexadecimal pair stays as it is.</summary>
public static class QuotedPrintableDecoder
{
    /// <summary>The decoded bytes; never throws, never longer than the input. Line ends are kept as given.</summary>
    public static byte[] Decode(ReadOnlySpan<byte> encoded)
    {
        var to = new byte[encoded.Length];
        var length = 0;
        while (!encoded.IsEmpty)
        {
            var end = encoded.IndexOf((byte)'\n');
            var line = end < 0 ? encoded : encoded[..(end + 1)];
            encoded = encoded[line.Length..];
            length += Line(line, to.AsSpan(length));
        }

        return length == to.Length ? to : to[..length];
    }

    private static int Line(ReadOnlySpan<byte> line, Span<byte> to)
    {
        // RFC 2045 §6.7 (3): white space at the end of a line was added in transport.
        var content = line[..(line.Length - LineEnds.TrailingLength(line))];
        var lineEnd = line[content.Length..];
        content = content.TrimEnd(" \t"u8);

        // RFC 2045 §6.7 (5): "=" at the end is a soft line break.
        if (content.EndsWith("="u8))
        {
            content = content[..^1];
            lineEnd = [];
        }

        var length = 0;
        while (true)
        {
            var run = content.IndexOf((byte)'=');
            var plain = run < 0 ? content : content[..run];
            plain.CopyTo(to[length..]);
            length += plain.Length;
            if (run < 0)
            {
                break;
            }

            content = content[run..];
            if (content.Length > 2 && Hex.TryPair(content[1], content[2], out var value))
            {
                to[length++] = value;
                content = content[3..];
            }
            else
            {
                to[length++] = (byte)'=';
                content = content[1..];
            }
        }

        lineEnd.CopyTo(to[length..]);
        return length + lineEnd.Length;
    }
}
