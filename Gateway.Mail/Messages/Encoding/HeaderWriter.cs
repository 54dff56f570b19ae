using System.Buffers;
using System.Text;

namespace Gateway.Mail.Messages;

/// <summary>
/// Writes one header field after another, folding before a word that would pass 78 columns (RFC 5322 §2.1.1). It takes
/// words, never line breaks: those it writes itself.
/// </summary>
internal ref struct HeaderWriter(IBufferWriter<byte> output)
{
    /// <summary>RFC 5322 §2.1.1: SHOULD be no more than 78 characters, without the CRLF.</summary>
    public const int PreferredLine = 78;

    /// <summary>A longer word is written as encoded-words, so that no line passes 998 (RFC 5322 §2.1.1).</summary>
    public const int LongestWord = 900;

    private readonly IBufferWriter<byte> output = output;

    /// <summary>Characters already on this line.</summary>
    public int Column { get; private set; }

    /// <summary>Begins a field.</summary>
    public void Name(scoped ReadOnlySpan<char> name)
    {
        Column = 0;
        Append(name);
        Append(":");
    }

    /// <summary>A word after a space or a fold.</summary>
    /// <param name="word">Without spaces, at most <see cref="LongestWord"/>.</param>
    /// <param name="reserve">Columns that what is attached next will need.</param>
    public void Word(scoped ReadOnlySpan<char> word, int reserve = 0)
    {
        Space(word.Length + reserve);
        Append(word);
    }

    /// <summary>A space, or a fold if the next <paramref name="length"/> columns would not fit.</summary>
    public void Space(int length)
    {
        if (Column + 1 + length > PreferredLine && Column > 1)
            Fold();
        Append(" ");
    }

    /// <summary>The spaces of the text itself, with a fold before all of them if need be: unfolding gives them back.</summary>
    public void Spaces(int count, int length)
    {
        if (Column + count + length > PreferredLine)
            Fold();
        for (; count > 0; count--)
            Append(" ");
    }

    /// <summary>Text right after what was written last.</summary>
    public void Append(scoped ReadOnlySpan<char> text)
    {
        // A local part may be UTF-8 (RFC 6532 §3.2); all else is ASCII by construction.
        var span = output.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length));
        var written = Encoding.UTF8.GetBytes(text, span);
        output.Advance(written);
        Column += text.Length;
    }

    /// <summary>Ends the field.</summary>
    public void End()
    {
        output.Write("\r\n"u8);
        Column = 0;
    }

    /// <summary>A whole field whose value is a constant of the protocol or was checked by its own type.</summary>
    public void Field(scoped ReadOnlySpan<char> name, scoped ReadOnlySpan<char> value)
    {
        Name(name);
        Append(" ");
        Append(value);
        End();
    }

    /// <summary>Begins a new line. The caller writes the white space that continues the field.</summary>
    public void Fold()
    {
        output.Write("\r\n"u8);
        Column = 0;
    }
}
