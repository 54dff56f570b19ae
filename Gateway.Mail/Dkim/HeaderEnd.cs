using System.Buffers;

namespace Gateway.Mail.Dkim;

/// <summary>Finds the empty line between header section and body, across segments.</summary>
internal static class HeaderEnd
{
    /// <summary>
    /// The length of the header section (with the line end of its last field) and the offset of the body. Without an
    /// empty line all is header.
    /// </summary>
    public static (long HeaderLength, long BodyStart) Find(ReadOnlySequence<byte> message)
    {
        long lineStart = 0; // offset in the message
        long passed = 0; // octets in earlier segments
        byte lastOctet = 0;
        foreach (var segment in message)
        {
            var span = segment.Span;
            var at = 0;
            while (at < span.Length)
            {
                var found = span[at..].IndexOf((byte)'\n');
                if (found < 0)
                {
                    break;
                }

                var lineEnd = passed + at + found;
                var before = at + found > 0 ? span[at + found - 1] : lastOctet;
                if (lineEnd == lineStart || (lineEnd == lineStart + 1 && before == '\r'))
                {
                    return (lineStart, lineEnd + 1);
                }

                at += found + 1;
                lineStart = passed + at;
            }

            passed += span.Length;
            lastOctet = span.IsEmpty ? lastOctet : span[^1];
        }

        return (passed, passed);
    }
}
