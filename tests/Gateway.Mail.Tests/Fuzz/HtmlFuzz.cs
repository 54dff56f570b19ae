using System.Text;
using Gateway.Mail.Messages;

namespace Gateway.Mail.Tests.Fuzz;

/// <summary>Any HTML becomes text that is in no line longer than its source explains.</summary>
public sealed class HtmlFuzz
{
    private static readonly byte[][] Tokens = Mutation.Tokens(
        "<p>",
        "</p>",
        "<a href=\"",
        "<a href='x'>",
        "</a>",
        "<li>",
        "<pre>",
        "</pre>",
        "<script>",
        "</script>",
        "<style>",
        "<!--",
        "-->",
        "<![CDATA[",
        "<img alt=",
        "<td>",
        "<hr>",
        "<br/>",
        "&amp;",
        "&#x",
        "&#13;",
        "&#0;",
        "&nbsp;",
        "&",
        "<",
        ">",
        "\"",
        "'",
        "=",
        "\r",
        "\n",
        "\0",
        "\uFEFF",
        "\uD83D\uDE00"
    );

    [Fact]
    [Trait("Fuzz", "html")]
    public Task Any_html_becomes_text_without_what_is_never_shown() =>
        FuzzRun.OverAsync(
            KeptSeeds.Of("html"),
            Tokens,
            input =>
            {
                var html = Encoding.UTF8.GetString(input);
                var text = HtmlText.ToPlainText(html);
                Assert.DoesNotContain('\r', text);
                Assert.True(text.Length <= 64 + (4 * html.Length), $"{text.Length} of {html.Length}");
                var hidden = HtmlText.ToPlainText(
                    "<p>shown<style>" + html.Replace("</", "< ", StringComparison.Ordinal)
                );
                Assert.Equal("shown", hidden.Split('\n')[0]);
            }
        );
}
