namespace Gateway.Mail.Smtp.Server;

/// <summary>
/// Reads content after 354 (RFC 5321 §4.1.1.4, §4.5.2). It ends at <c>CRLF.CRLF</c> and at nothing that looks like it:
/// a lone CR, a lone LF or a NUL is a violation, whoever sent it and however it was cut.
/// </summary>
internal struct DataDecoder(int maxLine)
{
    private State state;
    private int line;

    private enum State : byte
    {
        LineStart,
        Dot,
        DotCr,
        Text,
        Cr,
    }

    public enum Result
    {
        More,
        End,
        BareLineEnd,
        Nul,
    }

    /// <summary>A line was longer than allowed; the content is read to its end all the same.</summary>
    public bool HasLongLine { get; private set; }

    /// <summary>Takes what it can; at <see cref="Result.End"/> the rest belongs to the next command.</summary>
    public Result Decode(ReadOnlySpan<byte> source, ContentBuffer content, out int consumed)
    {
        var at = 0;
        var result = Result.More;
        while (at < source.Length && result == Result.More)
        {
            result = state is State.Text or State.LineStart
                ? Text(source, ref at, content)
                : Marked(source[at], ref at, content);
        }

        consumed = at;
        return result;
    }

    private Result Text(ReadOnlySpan<byte> source, ref int at, ContentBuffer content)
    {
        if (state == State.LineStart && source[at] == '.')
        {
            state = State.Dot;
            at++;
            return Result.More;
        }

        var rest = source[at..];
        var end = rest.IndexOfAny((byte)'\r', (byte)'\n', (byte)0);
        var run = end < 0 ? rest : rest[..end];
        content.Append(run);
        at += run.Length;
        Grow(run.Length);
        state = run.IsEmpty ? state : State.Text;
        if (end < 0)
        {
            return Result.More;
        }

        at++;
        return After(rest[end]);
    }

    // A dot at a line's start, or a CR, was seen: what follows decides.
    private Result Marked(byte next, ref int at, ContentBuffer content)
    {
        switch (state)
        {
            case State.Cr or State.DotCr when next != '\n':
                return Result.BareLineEnd; // RFC 5321 §2.3.8: CR and LF only as a pair
            case State.Cr:
                at++;
                content.Append("\r\n"u8);
                (state, line) = (State.LineStart, 0);
                return Result.More;
            case State.DotCr:
                at++;
                return Result.End;
            case State.Dot when next == '\r':
                at++;
                state = State.DotCr;
                return Result.More;
            default:
                // RFC 5321 §4.5.2: the first of a line's dots goes; Text takes the rest, and refuses what it must.
                state = State.Text;
                return Result.More;
        }
    }

    private Result After(byte control)
    {
        state = State.Cr;
        return control switch
        {
            (byte)'\r' => Result.More,
            (byte)'\n' => Result.BareLineEnd,
            _ => Result.Nul,
        };
    }

    private void Grow(int octets)
    {
        line = Math.Min(line + octets, maxLine);
        HasLongLine |= line + 2 > maxLine;
    }
}
