using System.Text;
using Gateway.Mail.Messages;

namespace Gateway.Mail.Tests.Fuzz;

/// <summary>Header values of any kind: they are read as far as they can be, and no line end comes out.</summary>
public sealed class HeaderFuzz
{
    private static readonly byte[][] Tokens = Mutation.Tokens(
        "=?utf-8?q?",
        "=?utf-8?b?",
        "=?utf-16?b?",
        "=?iso-2022-jp?b?",
        "=?utf-7?b?",
        "=?x",
        "*en",
        "?=",
        "?",
        "=",
        "=0D=0A",
        "=00",
        "_",
        "4oKs",
        "\r\n ",
        "\r\n",
        "\r",
        "\n",
        "\0",
        "\t",
        "*0*=utf-8''",
        "*1=",
        "*=",
        "%E2",
        "%0D%0A",
        "%",
        "'",
        ";",
        "\"",
        "\\",
        "(",
        ")",
        "<",
        ">",
        "@",
        ":",
        "\uFEFF",
        "\u20AC",
        "99999999999",
        "Feb",
        "+2599"
    );

    [Fact]
    [Trait("Fuzz", "headers")]
    public Task A_header_value_is_read_and_brings_no_line_end() =>
        FuzzRun.OverAsync(
            KeptSeeds.Of("headers"),
            Tokens,
            input =>
            {
                var text = HeaderWords.Decode(input);
                Line(text);
                if (System.Text.Unicode.Utf8.IsValid(input))
                {
                    Assert.Equal(text, HeaderWords.Decode(Encoding.UTF8.GetString(input)));
                }

                Line(RawHeaderText.Decode(input));
                Line(RawHeaderText.Unfold(input));
                Assert.All(RawHeaderText.DecodeList(input), Line);
                Line(Rfc2231.Decode(input, out _));
                Assert.All(MessageIdList.Parse(input), Line);
                _ = MailDate.TryParse(input, out _);
                foreach (var parameter in ContentType.Parse(input)?.Parameters ?? [])
                {
                    Line(parameter.Value);
                }
            }
        );

    private static void Line(string text) => Assert.False(text.AsSpan().ContainsAny('\r', '\n', '\0'), text);
}
