using System.Diagnostics;
using Gateway.Mail.Messages;

namespace Gateway.Mail.Tests.Messages.Composition;

public sealed class HtmlTextTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("plain", "plain\n")]
    [InlineData("<p>One</p><p>Two</p>", "One\n\nTwo\n")]
    [InlineData("<div>One</div>\n<div>Two</div>", "One\nTwo\n")]
    [InlineData("a<br>b<br/>c", "a\nb\nc\n")]
    [InlineData("a <b> b </b> c", "a b c\n")]
    [InlineData("&lt;x&gt; &amp; &eacute;&nbsp;&#8364;", "<x> & é €\n")]
    [InlineData("<ul><li>One</li><li>Two</li></ul>", "- One\n- Two\n")]
    [InlineData("<a href=\"https://b.example/?a=1&amp;b=2\">Click</a>", "Click <https://b.example/?a=1&b=2>\n")]
    [InlineData("<a href='https://b.example'>https://b.example</a>", "https://b.example\n")]
    [InlineData("<a href=mailto:x@b.example>x@b.example</a>", "x@b.example\n")]
    [InlineData("<a href=\"#top\">Up</a> <a href=\"javascript:x\">no</a>", "Up no\n")]
    [InlineData("<a href=\"https://b.example\"><img src=x alt=\"Logo\"></a>", "Logo <https://b.example>\n")]
    [InlineData("<a href=\"https://b.example\"><img src=x></a>", "<https://b.example>\n")]
    [InlineData("<head><title>T</title></head><body>B</body>", "B\n")]
    [InlineData("<style>p{}</style>a<script>if (a < b) x('<p>')</script>b", "ab\n")]
    [InlineData("a<!-- <p>hidden</p> -->b", "ab\n")]
    [InlineData("<!DOCTYPE html><?xml version=\"1.0\"?>a", "a\n")]
    [InlineData("<table><tr><td>A</td><td>B</td></tr><tr><td>C</td></tr></table>", "A B\nC\n")]
    [InlineData("<pre>a\n  b</pre>", "a\n  b\n")]
    [InlineData("a<hr>b", "a\n---\nb\n")]
    [InlineData("1 < 2 and 3 > 2", "1 < 2 and 3 > 2\n")]
    [InlineData("<p title=\"a>b\">c</p>", "c\n")]
    [InlineData("a <b", "a <b\n")]
    [InlineData("<p><p><p><p>a", "a\n")]
    [InlineData("Hi\u200B\u00AD\u034F there", "Hi there\n")]
    public void HTML_becomes_the_text_that_a_reader_would_see(string html, string expected) =>
        Assert.Equal(expected, HtmlText.ToPlainText(html));

    [Fact]
    public void Real_mails_become_text_without_tags_or_styles()
    {
        var count = 0;
        foreach (var path in Directory.EnumerateFiles(Corpora.Path("html-emails"), "*.html"))
        {
            count++;
            var text = HtmlText.ToPlainText(File.ReadAllText(path));
            Assert.DoesNotContain("</td>", text, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("@media", text, StringComparison.Ordinal);
            Assert.DoesNotContain("\n\n\n", text, StringComparison.Ordinal);
        }

        Assert.NotEqual(0, count);
    }

    [Theory]
    [InlineData("<")]
    [InlineData("<a ")]
    [InlineData("<a href=\"")]
    [InlineData("<a href='x\">")]
    [InlineData("<!--")]
    [InlineData("<script>")]
    [InlineData("</")]
    [InlineData("<p x=")]
    [InlineData("<a href=https://b.example>x")]
    [InlineData("&")]
    [InlineData("&amp")]
    [InlineData("<pre> ")]
    public void A_megabyte_of_anything_takes_linear_time(string piece)
    {
        var html = string.Concat(Enumerable.Repeat(piece, 1_000_000 / piece.Length));
        var watch = Stopwatch.StartNew();

        Assert.NotNull(HtmlText.ToPlainText(html));

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"{watch.Elapsed}");
    }
}
