using System.Text;
using Gateway.Mail.Messages;

namespace Gateway.Mail.Addresses;

internal enum AddressToken
{
    End,
    Atom,
    Quoted,
    Literal,
    Comment,
    Dot,
    At,
    Comma,
    Colon,
    Semicolon,
    AngleOpen,
    AngleClose,
}

/// <summary>The lexical tokens of RFC 5322 §3.2 in a header value. White space, folded or not, only separates.</summary>
internal ref struct AddressTokens(ReadOnlySpan<char> text, int maxCommentDepth)
{
    private readonly ReadOnlySpan<char> text = text;
    private readonly StringBuilder content = new();
    private int at;

    public AddressToken Kind { get; private set; }

    public int Start { get; private set; }

    public int End { get; private set; }

    /// <summary>White space or a comment stood between the previous token and this one.</summary>
    public bool SpaceBefore { get; private set; }

    /// <summary>The token as written.</summary>
    public readonly ReadOnlySpan<char> Raw => text[Start..End];

    /// <summary>A quoted string or comment without its delimiters and escapes.</summary>
    public readonly StringBuilder Text => content;

    /// <summary>A piece of the value, unfolded.</summary>
    public readonly string Slice(int start, int end) =>
        text[start..end]
            .ToString()
            .Replace("\r", "", StringComparison.Ordinal)
            .Replace("\n", "", StringComparison.Ordinal);

    /// <summary>Moves to the next token; false if the text cannot be tokens.</summary>
    public bool Next(out AddressError error)
    {
        error = default;
        SpaceBefore = Kind == AddressToken.Comment;
        for (; at < text.Length && text[at] is ' ' or '\t' or '\r' or '\n'; at++)
            SpaceBefore = true;
        Start = at;
        if (at == text.Length)
            Kind = AddressToken.End;
        else if (!ReadToken(out error))
            return false;
        End = at;
        return true;
    }

    private bool ReadToken(out AddressError error)
    {
        error = default;
        Kind = text[at++] switch
        {
            '.' => AddressToken.Dot,
            '@' => AddressToken.At,
            ',' => AddressToken.Comma,
            ':' => AddressToken.Colon,
            ';' => AddressToken.Semicolon,
            '<' => AddressToken.AngleOpen,
            '>' => AddressToken.AngleClose,
            '"' => AddressToken.Quoted,
            '(' => AddressToken.Comment,
            '[' => AddressToken.Literal,
            _ => AddressToken.Atom,
        };
        switch (Kind)
        {
            case AddressToken.Quoted:
                return ReadDelimited('"', "quote_not_closed", "Close the quoted text with '\"'.", out error);
            case AddressToken.Literal:
                return ReadDelimited(']', "literal_not_closed", "Close the address literal with ']'.", out error);
            case AddressToken.Comment:
                return ReadComment(out error);
            case AddressToken.Atom:
                // Everything else runs on to the next special or space; what is not atext fails when it is used as an
                // address, and is shown as it is in a name.
                if (ReadEncodedWord())
                    return true;
                var rest = text[at..].IndexOfAny(" \t\r\n.@,:;<>\"([");
                at = rest < 0 ? text.Length : at + rest;
                return true;
            default:
                return true;
        }
    }

    // Many writers leave commas and the like bare inside an encoded-word, against RFC 2047 §5 rule 3. Every reader takes
    // it for one word; so do we, or our list would hold other addresses than theirs. With a '?' in its text it is a word
    // to some readers only: it is shown as one and hides no comma.
    private bool ReadEncodedWord()
    {
        var rest = text[Start..];
        if (!EncodedWord.TryRead(rest, out var word) || word.Content(rest).ContainsAny("? \t\r\n"))
            return false;
        at = Start + word.Length;
        return true;
    }

    private bool ReadDelimited(char close, string code, string message, out AddressError error)
    {
        content.Clear();
        for (; at < text.Length; at++)
        {
            var c = text[at];
            if (c == close)
            {
                at++;
                error = default;
                return true;
            }

            if (c == '\\' && at + 1 < text.Length)
                c = text[++at];
            if (c is not ('\r' or '\n')) // RFC 5322 §3.2.4: the CRLF of folding is invisible
                content.Append(c);
        }

        error = new(code, message, Start);
        return false;
    }

    private bool ReadComment(out AddressError error)
    {
        content.Clear();
        for (var depth = 1; at < text.Length; at++)
        {
            var c = text[at];
            depth += c switch
            {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            if (depth == 0)
            {
                at++;
                error = default;
                return true;
            }

            if (depth > maxCommentDepth)
            {
                error = new("comments_too_deep", $"Comments nest at most {maxCommentDepth} deep.", at);
                return false;
            }

            if (c == '\\' && at + 1 < text.Length)
                c = text[++at];
            if (c is not ('\r' or '\n'))
                content.Append(c);
        }

        error = new("comment_not_closed", "Close the comment with ')'.", Start);
        return false;
    }
}
