using System.Buffers;
using System.Text;
using Gateway.Mail.Messages;

namespace Gateway.Mail.Tests.Messages.Composition;

public sealed class EncodingWriterTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("a=b", "a=3Db")]
    [InlineData("é", "=C3=A9")]
    [InlineData("a \r\nb\t\r\n", "a=20\r\nb=09\r\n")]
    [InlineData(" ", "=20")]
    [InlineData(".\r\n..", "=2E\r\n=2E.")]
    [InlineData("From x\r\nFrom y", "=46rom x\r\n=46rom y")]
    [InlineData("Fromage", "Fromage")]
    [InlineData("--b\r\n- c", "=2D-b\r\n- c")]
    [InlineData("a\né \nb", "a\n=C3=A9=20\nb")]
    public void Quoted_printable_keeps_to_its_rules(string text, string expected) =>
        Assert.Equal(expected, Quoted(text));

    [Theory]
    [InlineData("--b")]
    [InlineData(".x")]
    [InlineData("From x")]
    public void A_soft_line_break_begins_a_line_too(string text) =>
        Assert.Equal(new string('x', 75) + $"=\r\n={(int)text[0]:X2}" + text[1..], Quoted(new string('x', 75) + text));

    [Fact]
    public void Quoted_printable_lines_have_at_most_76_characters()
    {
        for (var seed = 0; seed < 2_000; seed++)
        {
            var random = new RandomText(seed);
            var text = random.Line(200);
            var encoded = Quoted(text);

            Assert.All(encoded.Split("\r\n"), static line => Assert.True(line.Length <= 76, line));
            Assert.Equal(text, Decode(encoded));
            var measured = QuotedPrintableWriter.Measure(Encoding.UTF8.GetBytes(text));
            Assert.InRange(measured, encoded.Length * 0.95 - 12, encoded.Length * 1.05 + 12);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(57)]
    [InlineData(58)]
    [InlineData(2_964)]
    [InlineData(2_965)]
    [InlineData(100_000)]
    public void Base64_lines_have_76_characters_and_decode_to_the_same_bytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        var output = new ArrayBufferWriter<byte>();
        Base64Writer.Write(bytes, output);
        var text = Encoding.ASCII.GetString(output.WrittenSpan);

        Assert.Equal(Base64Writer.Measure(length), text.Length);
        Assert.Equal(bytes, Convert.FromBase64String(text));
        Assert.All(text.Split("\r\n")[..^1], static line => Assert.Equal(76, line.Length));
    }

    [Theory]
    [InlineData("a.txt", "; filename=a.txt")]
    [InlineData("my file.txt", "; filename=\"my file.txt\"")]
    [InlineData("Größe.txt", "; filename*=utf-8''Gr%C3%B6%C3%9Fe.txt")]
    [InlineData("a\"b\\c", "; filename*=utf-8''a%22b%5Cc")]
    [InlineData("=?utf-8?q?x?=", "; filename*=utf-8''%3D%3Futf-8%3Fq%3Fx%3F%3D")]
    [InlineData("a;b.txt", "; filename=\"a;b.txt\"")]
    [InlineData("100%.txt", "; filename*=utf-8''100%25.txt")]
    [InlineData(" a", "; filename*=utf-8''%20a")]
    public void A_parameter_is_plain_where_all_read_it_alike(string value, string expected) =>
        Assert.Equal(expected, Parameter(value).Replace("\r\n", "", StringComparison.Ordinal));

    [Fact]
    public void A_long_parameter_is_cut_into_numbered_sections_that_split_no_character()
    {
        var value = string.Concat(Enumerable.Repeat("é", 100));
        var sections = Parameter(value)
            .Split(";", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

        var joined = new StringBuilder();
        for (var i = 0; i < sections.Length; i++)
        {
            var label = $"filename*{i}*=" + (i == 0 ? "utf-8''" : "");
            Assert.StartsWith(label, sections[i], StringComparison.Ordinal);
            joined.Append(Uri.UnescapeDataString(sections[i][label.Length..]));
        }

        Assert.Equal(value, joined.ToString());
        Assert.All(Parameter(value).Split("\r\n"), static line => Assert.True(line.Length <= 78));
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("=?utf-8?q?a?=  =?utf-8?q?b?=", "ab")]
    [InlineData("=?utf-8?q?a?= x =?utf-8?q?b?=", "a x b")]
    [InlineData("=?utf-8?q?a_b=20c?=", "a b c")]
    [InlineData("=?UTF-8?B?w6k=?=", "é")]
    [InlineData("=?utf-8?b?w6k?=", "é")]
    [InlineData("=?utf-8?b?w?= =?utf-8?b?6k?=", "\uFFFD")]
    [InlineData("=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "é")]
    [InlineData("=?iso-8859-1*de?q?=E9?=", "é")]
    [InlineData("=?koi8-r?b?8NLJ18XU?=", "Привет")]
    [InlineData("=?shift_jis?b?k/qWew==?=", "日本")]
    [InlineData("=?utf-8?q??=", "")]
    [InlineData("=?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3F=3D?=", "=?utf-8?q?x?=")]
    [InlineData("=?utf-8?x?a?=", "=?utf-8?x?a?=")]
    [InlineData("=?utf-8?q?a", "=?utf-8?q?a")]
    [InlineData("=??q?a?=", "=??q?a?=")]
    [InlineData("=?utf-7?q?+ADw-?=", "=?utf-7?q?+ADw-?=")]
    [InlineData("=?utf-8?q?=FF=C0=AF?=", "\uFFFD\uFFFD\uFFFD")]
    [InlineData("=?utf-8?q?=4?=", "=4")]
    [InlineData("=?utf-8?q?What's_up??=", "What's up?")]
    [InlineData("=?utf-8?q?\uFEFFa?=", "\uFEFFa")]
    public void Encoded_words_are_read_once_and_never_throw(string text, string expected) =>
        Assert.Equal(expected, HeaderWords.Decode(text));

    [Fact]
    public void Any_text_written_as_encoded_words_is_read_back()
    {
        for (var seed = 0; seed < 5_000; seed++)
        {
            var text = new RandomText(seed).Line(40);
            var output = new ArrayBufferWriter<byte>();
            var header = new HeaderWriter(output);
            header.Name("X");
            EncodedWordWriter.Write(ref header, text);
            var written = Encoding.ASCII.GetString(output.WrittenSpan);

            Assert.Equal(text, HeaderWords.Decode(written["X: ".Length..].TrimStart()));
            Assert.All(written.Split("\r\n"), static line => Assert.True(line.Length <= 76, line));
        }
    }

    private static string Quoted(string text)
    {
        var output = new ArrayBufferWriter<byte>();
        QuotedPrintableWriter.Write(Encoding.UTF8.GetBytes(text), output);
        return Encoding.ASCII.GetString(output.WrittenSpan);
    }

    private static string Decode(string quoted)
    {
        var bytes = new List<byte>();
        var text = quoted.Replace("=\r\n", "", StringComparison.Ordinal);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '=')
            {
                bytes.Add(Convert.ToByte(text.Substring(i + 1, 2), 16));
                i += 2;
            }
            else
            {
                bytes.Add((byte)text[i]);
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    private static string Parameter(string value)
    {
        var output = new ArrayBufferWriter<byte>();
        var header = new HeaderWriter(output);
        ParameterWriter.Write(ref header, "filename", value);
        return Encoding.ASCII.GetString(output.WrittenSpan);
    }
}
