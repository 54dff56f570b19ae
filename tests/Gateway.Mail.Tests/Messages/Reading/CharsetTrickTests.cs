using System.Text;
using System.Text.Json;
using Gateway.Mail.Messages;

namespace Gateway.Mail.Tests.Messages.Reading;

/// <summary>A11 of the attack list, the library's half: decoding never throws and brings forth nothing dangerous.</summary>
public sealed class CharsetTrickTests
{
    [Theory]
    [InlineData("=?utf-7?q?+ADw-script+AD4-?=", "=?utf-7?q?+ADw-script+AD4-?=")]
    [InlineData("=?unicode-1-1-utf-7?b?K0FEdy0=?=", "=?unicode-1-1-utf-7?b?K0FEdy0=?=")]
    [InlineData("=?cp65000?q?+ADw-?=", "=?cp65000?q?+ADw-?=")]
    [InlineData("=?utf-8?q?=00?=", "\uFFFD")]
    [InlineData("=?utf-8?q?=0D=0ABcc:_x=40y.example?=", "\uFFFD\uFFFDBcc: x@y.example")]
    [InlineData("=?utf-8?q?=C0=AF?=", "\uFFFD\uFFFD")]
    [InlineData("=?utf-8?b?wLw?=", "\uFFFD\uFFFD")]
    [InlineData("=?utf-8?b?!!!?=", "")]
    [InlineData("=?utf-16be?b?ADwA?=", "<\uFFFD")]
    [InlineData("=?no-such?q?a?=", "=?no-such?q?a?=")]
    [InlineData("=?utf-8?q?=E2=82?= =?utf-8?q?=AC?=", "€")]
    [InlineData("=?UTF-8*en?Q?a_b?= c", "a b c")]
    public void A11_encoded_words(string text, string expected) => Assert.Equal(expected, HeaderWords.Decode(text));

    [Theory]
    [InlineData("utf-7")]
    [InlineData("UTF-7")]
    [InlineData("unicode-1-1-utf-7")]
    [InlineData("csUnicode11UTF7")]
    [InlineData("x-unicode-2-0-utf-7")]
    [InlineData("65000")]
    public void A11_utf_7_is_never_decoded(string charset)
    {
        Assert.False(Charsets.TryFind(charset, out _));
        Assert.Equal("+ADw-", Charsets.Decode(charset, "+ADw-"u8));
    }

    [Theory]
    [InlineData("utf-16", new byte[] { 0xFF, 0xFE, 0x3C, 0 })]
    [InlineData("UTF-16", new byte[] { 0xFE, 0xFF, 0, 0x3C })]
    [InlineData("utf-16", new byte[] { 0, 0x3C })]
    [InlineData("utf-16le", new byte[] { 0x3C, 0 })]
    [InlineData("utf-16be", new byte[] { 0, 0x3C })]
    public void Utf_16_is_read_in_the_order_of_its_mark(string charset, byte[] bytes) =>
        Assert.Equal("<", Charsets.Decode(charset, bytes));

    [Fact]
    public void A11_no_charset_throws_whatever_the_bytes()
    {
        var bytes = new byte[4_096];
        new Random(11).NextBytes(bytes);
        bytes[0] = 27;
        var names = CodePagesEncodingProvider
            .Instance.GetEncodings()
            .Select(info => info.Name)
            .Concat(Encoding.GetEncodings().Select(info => info.Name))
            .Concat([
                "iso-2022-jp",
                "iso-2022-kr",
                "iso-2022-cn",
                "hz-gb-2312",
                "gb18030",
                "big5",
                "utf-32",
                "x-user-defined",
            ]);
        foreach (var name in names)
        {
            for (var cut = 0; cut < 64; cut++)
            {
                _ = Charsets.Decode(name, bytes.AsSpan(cut, bytes.Length - (cut * 2)));
            }
        }
    }

    [Fact]
    public void A11_an_escape_of_iso_2022_jp_cannot_hide_a_quote_from_the_structure()
    {
        // The quotes are cut before anything is decoded: what the escape hides stays inside the value.
        var type = ContentType.Parse("text/plain; name=\"\u001B$B\\\"!; x=y\u001B(B\"; charset=utf-8"u8);
        Assert.Equal(["name", "charset"], type!.Parameters.Select(parameter => parameter.Name));
    }

    [Fact]
    public void A11_no_naughty_string_brings_a_line_end_out_of_a_header()
    {
        using var strings = JsonDocument.Parse(File.ReadAllBytes(Corpora.Path("attack-strings", "blns.json")));
        foreach (var text in strings.RootElement.EnumerateArray().Select(item => item.GetString()!))
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            var word = $"=?utf-8?b?{Convert.ToBase64String(bytes)}?=";
            var extended = $"utf-8''{Uri.EscapeDataString(text)}";
            string[] decoded =
            [
                HeaderWords.Decode(text),
                HeaderWords.Decode(word),
                Rfc2231.Decode(Encoding.UTF8.GetBytes(extended), out _),
                RawHeaderText.Decode(bytes),
            ];
            Assert.All(decoded, value => Assert.False(value.AsSpan().ContainsAny('\r', '\n', '\0')));
            if (!text.AsSpan().ContainsAny('\r', '\n', '\0') && !text.StartsWith('\uFEFF'))
            {
                Assert.Equal(text, HeaderWords.Decode(word));
            }
        }
    }
}
