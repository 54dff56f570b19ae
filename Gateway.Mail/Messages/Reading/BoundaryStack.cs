namespace Gateway.Mail.Messages;

/// <summary>What the reader is inside of, outermost first: multiparts with their boundaries, enclosed messages, a leaf.</summary>
internal sealed class BoundaryStack(List<MimeDefect> defects)
{
    private readonly List<Open> stack = [];
    private int active;

    public int Count => stack.Count;

    /// <summary>False while no boundary line can end anything: what is open then reaches to the end of the message.</summary>
    public bool AnyActive => active > 0;

    public MimePart? Top => stack.Count == 0 ? null : stack[^1].Part;

    public void Push(MimePart part) => stack.Add(new Open(part, default, Active: false, Started: false));

    public void Push(MimePart multipart, ReadOnlyMemory<byte> boundary)
    {
        stack.Add(new Open(multipart, boundary, Active: true, Started: false));
        active++;
    }

    /// <summary>
    /// The index of the open multipart whose delimiter this line is, or -1. RFC 2046 §5.1.2: delimiters of outer
    /// levels count inside inner ones, so where a line could be either, the outer one has it.
    /// </summary>
    public int Match(ReadOnlySpan<byte> line, out bool closes)
    {
        closes = false;
        if (!line.StartsWith("--"u8))
        {
            return -1;
        }

        // RFC 2046 §5.1.1: nothing but transport padding may follow; "--abcdef" is no delimiter of "abc".
        var text = line[2..].TrimEnd(" \t\r\n"u8);
        for (var i = 0; i < stack.Count; i++)
        {
            var boundary = stack[i].Boundary.Span;
            if (!stack[i].Active || !text.StartsWith(boundary))
            {
                continue;
            }

            closes = text.Length == boundary.Length + 2 && text.EndsWith("--"u8);
            if (closes || text.Length == boundary.Length)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Ends the bodies of all above <paramref name="index"/> at <paramref name="end"/>.</summary>
    public void CloseAbove(int index, int end)
    {
        for (var i = stack.Count - 1; i > index; i--)
        {
            var (part, _, isActive, started) = stack[i];
            part.CloseAt(end);
            if (isActive)
            {
                active--;
                var kind = started ? MimeDefectKind.BoundaryNotClosed : MimeDefectKind.BoundaryNotFound;
                defects.Add(new MimeDefect(kind, end));
            }

            stack.RemoveAt(i);
        }
    }

    /// <summary>A delimiter of this multipart was met: a part follows.</summary>
    public void Start(int index) => stack[index] = stack[index] with { Started = true };

    /// <summary>After its closing line a multipart has only an epilogue, in which its boundary means nothing.</summary>
    public void Finish(int index)
    {
        stack[index] = stack[index] with { Active = false };
        active--;
    }

    private readonly record struct Open(MimePart Part, ReadOnlyMemory<byte> Boundary, bool Active, bool Started);
}
