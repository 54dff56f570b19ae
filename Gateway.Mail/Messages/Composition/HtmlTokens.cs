using System.Net;

namespace Gateway.Mail.Messages;

internal enum HtmlToken
{
    Text,
    Open,
    Close,
}

/// <summary>
/// Splits HTML into text and tags, forgiving as browsers are. Comments, and the contents of elements that are not shown,
/// are passed over. Each search that fails is remembered, so that hostile input costs linear time.
/// </summary>
internal ref struct HtmlTokens(ReadOnlySpan<char> html)
{
    private readonly ReadOnlySpan<char> html = html;
    private int at;
    private bool noMoreTags;
    private bool quotesAreBroken;
    private ReadOnlySpan<char> name;

    public HtmlToken Kind { get; private set; }

    /// <summary>The text, or the inside of the tag after its name.</summary>
    public ReadOnlySpan<char> Content { get; private set; }

    public bool Next()
    {
        while (at < html.Length)
        {
            if (html[at] != '<' || noMoreTags || !StartsTag(html[(at + 1)..]))
            {
                ReadText();
                return true;
            }

            if (html[at..].StartsWith("<!--"))
            {
                SkipTo("-->");
                continue;
            }

            if (!ReadTag())
            {
                noMoreTags = true; // no '>' is left: the rest is text
                continue;
            }

            if (name.Length == 0)
                continue; // <!DOCTYPE>, <?xml?>, </>
            if (Kind == HtmlToken.Open && IsHidden())
                SkipElement();
            return true;
        }

        return false;
    }

    public readonly bool Is(string tag) => name.Equals(tag, StringComparison.OrdinalIgnoreCase);

    public readonly bool IsAny(ReadOnlySpan<string> tags)
    {
        foreach (var tag in tags)
        {
            if (Is(tag))
                return true;
        }

        return false;
    }

    /// <summary>The decoded value of an attribute of this tag, or null.</summary>
    public readonly string? Attribute(string attribute)
    {
        var rest = Content;
        while (true)
        {
            rest = rest.TrimStart(" \t\r\n\f/");
            if (rest.IsEmpty)
                return null;
            var end = rest.IndexOfAny(" \t\r\n\f=");
            var key = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[end..].TrimStart(" \t\r\n\f");
            if (rest.IsEmpty || rest[0] != '=')
                continue;

            rest = rest[1..].TrimStart(" \t\r\n\f");
            var quote = !rest.IsEmpty && rest[0] is '"' or '\'' ? rest[..1] : default;
            var close = quote.IsEmpty ? rest.IndexOfAny(" \t\r\n\f") : rest[1..].IndexOf(quote);
            var value = rest[quote.Length..];
            value = close < 0 ? value : value[..close];
            if (key.Equals(attribute, StringComparison.OrdinalIgnoreCase))
                return WebUtility.HtmlDecode(value.ToString()).Trim();
            rest = rest[Math.Min(rest.Length, value.Length + (2 * quote.Length))..];
        }
    }

    private static bool StartsTag(ReadOnlySpan<char> next) =>
        !next.IsEmpty && (char.IsAsciiLetter(next[0]) || next[0] is '/' or '!' or '?');

    private void ReadText()
    {
        var next = noMoreTags ? -1 : html[(at + 1)..].IndexOf('<');
        var end = next < 0 ? html.Length : at + 1 + next;
        Kind = HtmlToken.Text;
        name = default;
        Content = html[at..end];
        at = end;
    }

    private bool ReadTag()
    {
        var start = at + 1;
        Kind = html[start] == '/' ? HtmlToken.Close : HtmlToken.Open;
        if (Kind == HtmlToken.Close)
            start++;
        var length = html[start..].IndexOfAnyExceptInRange('0', 'z');
        length = length < 0 ? html.Length - start : length;
        var letters = html.Slice(start, length).IndexOfAny(":;<=>?@[\\]^_`");
        length = letters < 0 ? length : letters;
        var end = EndOfTag(start + length);
        if (end < 0)
            return false;
        name = html.Slice(start, length);
        Content = html[(start + length)..end];
        at = end + 1;
        return true;
    }

    // The '>' that is not inside a quoted value; if quotes never close, the first '>' there is.
    private int EndOfTag(int from)
    {
        for (var i = from; !quotesAreBroken && i < html.Length; i++)
        {
            if (html[i] == '>')
                return i;
            if (html[i] is not ('"' or '\'') || html[i - 1] is not ('=' or ' '))
                continue;
            var close = html[(i + 1)..].IndexOf(html[i]);
            if (close < 0)
                quotesAreBroken = true;
            else
                i += close + 1;
        }

        var plain = html[from..].IndexOf('>');
        return plain < 0 ? -1 : from + plain;
    }

    private readonly bool IsHidden() => Is("style") || Is("script") || Is("head") || Is("template") || Is("noscript");

    // To its end tag; where there is none, to the end of the text.
    private void SkipElement()
    {
        Span<char> close = stackalloc char[16];
        "</".CopyTo(close);
        name.CopyTo(close[2..]);
        var end = html[at..].IndexOf(close[..(name.Length + 2)], StringComparison.OrdinalIgnoreCase);
        at = end < 0 ? html.Length : at + end;
    }

    private void SkipTo(string end)
    {
        var found = html[at..].IndexOf(end);
        at = found < 0 ? html.Length : at + found + end.Length;
    }
}
