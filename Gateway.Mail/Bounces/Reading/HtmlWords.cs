using System.Net;
using System.Text;

namespace Gateway.Mail.Bounces.Reading;

/// <summary>The words of an HTML notice; only for looking phrases up, never shown.</summary>
internal static class HtmlWords
{
    private static readonly string[] Breaking = ["br", "p", "div", "tr", "li", "h1", "h2", "h3", "table", "pre", "td"];

    public static string Of(string html)
    {
        var words = new StringBuilder(html.Length);
        var at = 0;
        while (at < html.Length)
        {
            var open = html.IndexOf('<', at);
            if (open < 0)
            {
                words.Append(html, at, html.Length - at);
                break;
            }

            words.Append(html, at, open - at);
            var close = html.IndexOf('>', open);
            if (close < 0)
            {
                break;
            }

            at = Skip(html, open, close, words);
        }

        return WebUtility.HtmlDecode(words.ToString());
    }

    private static int Skip(string html, int open, int close, StringBuilder words)
    {
        var tag = html.AsSpan(open + 1, close - open - 1);
        var name = tag.TrimStart('/');
        var end = name.IndexOfAny(" \t\r\n/");
        name = end < 0 ? name : name[..end];

        // An address in angle brackets that nobody escaped.
        if (tag.Contains('@') && !tag.ContainsAny(" =\""))
        {
            words.Append('<').Append(tag).Append('>');
            return close + 1;
        }

        if (name.Equals("style", StringComparison.OrdinalIgnoreCase) && !tag.StartsWith("/"))
        {
            var after = html.IndexOf("</style", close, StringComparison.OrdinalIgnoreCase);
            return after < 0 ? html.Length : after;
        }

        foreach (var breaking in Breaking)
        {
            if (name.Equals(breaking, StringComparison.OrdinalIgnoreCase))
            {
                words.Append('\n');
                break;
            }
        }

        return close + 1;
    }
}
