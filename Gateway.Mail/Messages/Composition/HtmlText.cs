using System.Net;
using System.Text;

namespace Gateway.Mail.Messages;

/// <summary>
/// The plain text of an HTML mail, for its text alternative: blocks on lines of their own, list items with a dash,
/// links followed by their target, images by their alternative text; nothing of head, style and script.
/// </summary>
public static class HtmlText
{
    /// <summary>Linear in the length of <paramref name="html"/>; never throws on malformed HTML. Lines end in '\n'.</summary>
    public static string ToPlainText(string html)
    {
        ArgumentNullException.ThrowIfNull(html);
        var tokens = new HtmlTokens(html);
        var text = new PlainTextBuilder(html.Length);
        string? target = null;
        var linkStart = 0;
        while (tokens.Next())
        {
            if (tokens.Kind == HtmlToken.Text)
            {
                text.Text(WebUtility.HtmlDecode(tokens.Content.ToString()));
                continue;
            }

            if (tokens.Is("a"))
            {
                text.Link(target, linkStart); // also ends a link that was never closed
                target = tokens.Kind == HtmlToken.Open ? tokens.Attribute("href") : null;
                linkStart = text.Length;
            }
            else
            {
                Tag(ref tokens, text);
            }
        }

        text.Link(target, linkStart);
        return text.ToString();
    }

    private static void Tag(ref HtmlTokens tokens, PlainTextBuilder text)
    {
        if (tokens.Is("br"))
            text.LineBreak();
        else if (tokens.Is("pre"))
            text.Preformatted(tokens.Kind == HtmlToken.Open);
        else if (tokens.Is("li") && tokens.Kind == HtmlToken.Open)
            text.Item();
        else if (tokens.Is("hr"))
            text.Rule();
        else if (tokens.Is("img"))
            text.Text(tokens.Attribute("alt") ?? "");
        else if (tokens.Is("td") || tokens.Is("th"))
            text.Text(" ");
        else if (tokens.IsAny(Paragraphs))
            text.Block(lines: 2);
        else if (tokens.IsAny(Blocks))
            text.Block(lines: 1);
    }

    private static readonly string[] Paragraphs =
    [
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "dl",
        "blockquote",
        "table",
        "pre",
    ];

    private static readonly string[] Blocks =
    [
        "div",
        "tr",
        "li",
        "dt",
        "dd",
        "section",
        "article",
        "header",
        "footer",
        "main",
        "nav",
        "aside",
        "address",
        "center",
        "figure",
        "figcaption",
        "form",
        "fieldset",
        "title",
        "body",
    ];
}
