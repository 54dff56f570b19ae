using System.Buffers;

namespace Gateway.Mail.Dkim;

/// <summary>
/// The byte-exact split that DKIM needs (RFC 5322 §2.1, §2.2): header fields as ranges, and the body behind the first
/// empty line. Only a header section that spans several segments is copied; the body never is.
/// </summary>
internal sealed class HeaderSection
{
    private HeaderSection(ReadOnlyMemory<byte> bytes, List<HeaderField> fields, ReadOnlySequence<byte> body)
    {
        Bytes = bytes;
        Fields = fields;
        Body = body;
    }

    public ReadOnlyMemory<byte> Bytes { get; }

    public List<HeaderField> Fields { get; }

    public ReadOnlySequence<byte> Body { get; }

    public static HeaderSection Split(ReadOnlySequence<byte> message)
    {
        var (headerLength, bodyStart) = HeaderEnd.Find(message);
        var header = message.Slice(0, headerLength);
        var bytes = header.IsSingleSegment ? header.First : header.ToArray();
        return new HeaderSection(bytes, ReadFields(bytes.Span), message.Slice(bodyStart));
    }

    private static List<HeaderField> ReadFields(ReadOnlySpan<byte> section)
    {
        var fields = new List<HeaderField>(32);
        var at = 0;
        while (at < section.Length)
        {
            var end = EndOfField(section, at);
            var text = WithoutLineEnd(section[at..end]);
            fields.Add(new HeaderField(at, text.Length, HeaderField.NameOf(text).Length));
            at = end;
        }

        return fields;
    }

    private static int EndOfField(ReadOnlySpan<byte> section, int at)
    {
        while (true)
        {
            var lineEnd = section[at..].IndexOf((byte)'\n');
            if (lineEnd < 0)
            {
                return section.Length;
            }

            at += lineEnd + 1;
            // RFC 5322 §2.2.3: a line that starts with white space continues the field.
            if (at == section.Length || section[at] is not ((byte)' ' or (byte)'\t'))
            {
                return at;
            }
        }
    }

    private static ReadOnlySpan<byte> WithoutLineEnd(ReadOnlySpan<byte> line)
    {
        if (line.EndsWith("\r\n"u8))
        {
            return line[..^2];
        }

        return line.EndsWith("\n"u8) ? line[..^1] : line;
    }
}
