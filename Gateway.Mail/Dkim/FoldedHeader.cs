using System.Text;

namespace Gateway.Mail.Dkim;

/// <summary>
/// Writes a header field of lines of at most 78 characters (RFC 5322 §2.1.1), folding between tokens. A single token
/// that is longer (a domain of 200 characters) has its own line.
/// </summary>
internal sealed class FoldedHeader(PooledBytes output, int column)
{
    private const int MaxLine = 78;
    private int column = column;

    /// <summary>One unbreakable token behind a space, or on a new line.</summary>
    public void Token(string text)
    {
        if (column + 1 + text.Length > MaxLine)
        {
            Fold();
        }
        else
        {
            output.Append((byte)' ');
            column++;
        }

        Write(text);
    }

    /// <summary>One unbreakable token directly behind the last, or on a new line.</summary>
    public void Joined(string text)
    {
        if (column + text.Length > MaxLine)
        {
            Fold();
        }

        Write(text);
    }

    /// <summary>One unbreakable token at the start of a line.</summary>
    public void OnNewLine(string text)
    {
        Fold();
        Write(text);
    }

    /// <summary>Text that may break anywhere.</summary>
    public void Breakable(string text)
    {
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            if (column >= MaxLine)
            {
                Fold();
            }

            var some = Math.Min(MaxLine - column, rest.Length);
            Write(rest[..some]);
            rest = rest[some..];
        }
    }

    private void Fold()
    {
        output.Append("\r\n "u8);
        column = 1;
    }

    private void Write(ReadOnlySpan<char> text)
    {
        Span<byte> octets = stackalloc byte[256];
        while (!text.IsEmpty)
        {
            var some = Math.Min(text.Length, octets.Length);
            Encoding.ASCII.GetBytes(text[..some], octets);
            output.Append(octets[..some]);
            column += some;
            text = text[some..];
        }
    }
}
