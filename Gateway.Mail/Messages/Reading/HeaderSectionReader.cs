namespace Gateway.Mail.Messages;

/// <summary>Reads one header section (RFC 5322 §2.2) from a line start.</summary>
internal sealed class HeaderSectionReader(ReadOnlyMemory<byte> message, MimeLimits limits, List<MimeDefect> defects)
{
    private readonly List<FieldSpan> fields = [];
    private int inAll;

    /// <summary>The first limit that broke, or null.</summary>
    public MimeRefusal? Refusal { get; private set; }

    /// <summary>The fields, where they end, and where the body begins.</summary>
    public HeaderFields Read(int start, BoundaryStack open, out int headerEnd, out int bodyStart)
    {
        fields.Clear();
        bodyStart = Scan(start, open, out headerEnd);
        return new HeaderFields(message, [.. fields]);
    }

    private int Scan(int start, BoundaryStack open, out int headerEnd)
    {
        var bytes = message.Span;
        var at = start;
        while (at < bytes.Length && Refusal is null)
        {
            if (bytes[at] == '\n' || (bytes[at] == '\r' && at + 1 < bytes.Length && bytes[at + 1] == '\n'))
            {
                headerEnd = at;
                return at + (bytes[at] == '\n' ? 1 : 2);
            }

            var next = LineEnds.Next(bytes, at);
            if (open.AnyActive && open.Match(bytes[at..next], out _) >= 0)
            {
                defects.Add(new MimeDefect(MimeDefectKind.HeadersCutByBoundary, at));
                break;
            }

            if (!TakeLine(bytes, start, at, next))
            {
                break;
            }

            at = next;
        }

        headerEnd = at;
        return at;
    }

    /// <summary>False if this line is no part of the header section.</summary>
    private bool TakeLine(ReadOnlySpan<byte> bytes, int start, int at, int next)
    {
        if (bytes[at] is (byte)' ' or (byte)'\t')
        {
            Continue(at, next);
            Refuse(
                next - start > limits.MaxHeaderSectionBytes,
                MimeLimit.HeaderSectionBytes,
                limits.MaxHeaderSectionBytes,
                at
            );
            return true;
        }

        var colon = Colon(bytes[at..next]);
        if (colon < 0)
        {
            return TakeOther(bytes, start, at);
        }

        if (colon == 0)
        {
            defects.Add(new MimeDefect(MimeDefectKind.EmptyFieldName, at));
        }
        else if (bytes[at + colon - 1] is (byte)' ' or (byte)'\t')
        {
            defects.Add(new MimeDefect(MimeDefectKind.SpaceBeforeColon, at));
        }

        Refuse(fields.Count >= limits.MaxHeaders, MimeLimit.Headers, limits.MaxHeaders, at);
        Refuse(++inAll > limits.MaxHeadersInAll, MimeLimit.HeadersInAll, limits.MaxHeadersInAll, at);
        Refuse(next - at > limits.MaxHeaderBytes, MimeLimit.HeaderBytes, limits.MaxHeaderBytes, at);
        Refuse(
            next - start > limits.MaxHeaderSectionBytes,
            MimeLimit.HeaderSectionBytes,
            limits.MaxHeaderSectionBytes,
            at
        );
        if (Refusal is null)
        {
            fields.Add(new FieldSpan(at, at + colon, next));
        }

        return true;
    }

    private void Continue(int at, int next)
    {
        if (fields.Count == 0)
        {
            defects.Add(new MimeDefect(MimeDefectKind.FirstLineIsContinuation, at));
            return;
        }

        fields[^1] = fields[^1] with { End = next };
        Refuse(
            next - fields[^1].Start > limits.MaxHeaderBytes,
            MimeLimit.HeaderBytes,
            limits.MaxHeaderBytes,
            fields[^1].Start
        );
    }

    private bool TakeOther(ReadOnlySpan<byte> bytes, int start, int at)
    {
        if (at == start && bytes[at..].StartsWith("From "u8))
        {
            defects.Add(new MimeDefect(MimeDefectKind.EnvelopeLine, at));
            return true;
        }

        // The section ends here, as Postfix and CPython read it; to skip the line would hide fields from one of two
        // readers. A door that must not guess looks for this defect.
        defects.Add(new MimeDefect(MimeDefectKind.MissingHeaderSeparator, at));
        return false;
    }

    private static int Colon(ReadOnlySpan<byte> line)
    {
        // RFC 5322 §3.6.8: ftext is any printable US-ASCII but the colon; §4.5: white space may stand before the colon.
        var name = line.IndexOfAnyExceptInRange((byte)'!', (byte)'~');
        name = name < 0 ? line.Length : name;
        var colon = line[..name].IndexOf((byte)':');
        if (colon >= 0)
        {
            return colon;
        }

        var rest = line[name..].TrimStart(" \t"u8);
        return name > 0 && !rest.IsEmpty && rest[0] == ':' ? line.Length - rest.Length : -1;
    }

    private void Refuse(bool broken, MimeLimit limit, int allowed, int offset)
    {
        if (broken)
        {
            Refusal ??= new MimeRefusal(limit, allowed, offset);
        }
    }
}
