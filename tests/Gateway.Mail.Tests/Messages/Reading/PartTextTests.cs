using System.Buffers;
using System.Text;
using Gateway.Mail.Messages;

namespace Gateway.Mail.Tests.Messages.Reading;

public sealed class PartTextTests
{
    private const string Before =
        "From: a@b.example\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\nodd  preamble \r\n--b\r\n\r\nplain\r\n--b\r\n";
    private const string After = "\r\n--b--\r\nodd epilogue\t\r\n";

    [Theory]
    [InlineData("base64", "utf-8", "<p>gr\u00FC\u00DFe \u20AC \U0001F600</p>\r\n", PartTextResult.Replaced)]
    [InlineData(
        "quoted-printable",
        "utf-8",
        "<p>gr\u00FC\u00DFe = \u20AC \r\n.\r\nFrom me</p>",
        PartTextResult.Replaced
    )]
    [InlineData("quoted-printable", "iso-8859-1", "<p>gr\u00FC\u00DFe</p>", PartTextResult.Replaced)]
    [InlineData("quoted-printable", "iso-8859-1", "<p>\u20AC</p>", PartTextResult.ReplacedWithHeaders)]
    [InlineData("quoted-printable", "utf-16", "<p>ok</p>\r\n", PartTextResult.ReplacedWithHeaders)]
    [InlineData("8bit", "utf-16le", "<p>ok</p>\r\n", PartTextResult.ReplacedWithHeaders)]
    [InlineData("7bit", "us-ascii", "<p>ok</p>\r\n", PartTextResult.Replaced)]
    [InlineData("7bit", "utf-8", "<p>gr\u00FC\u00DFe</p>", PartTextResult.ReplacedWithHeaders)]
    [InlineData("8bit", "utf-8", "<p>gr\u00FC\u00DFe</p>", PartTextResult.Replaced)]
    [InlineData("7bit", "no-such-charset", "<p>gr\u00FC\u00DFe</p>", PartTextResult.ReplacedWithHeaders)]
    public void The_text_is_read_back_and_no_other_byte_changes(
        string encoding,
        string charset,
        string text,
        PartTextResult expected
    )
    {
        var part =
            $"X-Odd:  1 \r\nContent-Type: text/html; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\nb2xk";
        var (result, output) = Replace(Before + part + After, text);
        Assert.Equal(expected, result);
        var written = Encoding.Latin1.GetString(output);
        Assert.StartsWith(Before + "X-Odd:  1 \r\n", written, StringComparison.Ordinal);
        Assert.EndsWith(After, written, StringComparison.Ordinal);
        Assert.Equal(text, Html(output).DecodeText());
        Assert.Equal(expected == PartTextResult.Replaced, written.Contains(part[..^4], StringComparison.Ordinal));
        Assert.True(MessageBytes.TryNormalise(output, out _, out _));
    }

    [Fact]
    public void A_line_over_998_bytes_is_never_written_as_7bit()
    {
        var text = new string('x', 5_000);
        var (result, output) = Replace(Before + "Content-Type: text/html\r\n\r\nold" + After, text);
        Assert.Equal(PartTextResult.ReplacedWithHeaders, result);
        Assert.Equal(text, Html(output).DecodeText());
        Assert.True(MessageBytes.TryNormalise(output, out _, out _));
    }

    [Fact]
    public void A_message_that_is_one_text_part_is_replaced_too()
    {
        var (result, output) = Replace("Subject: x\r\nContent-Type: text/html\r\n\r\nold", "new");
        Assert.Equal(PartTextResult.Replaced, result);
        Assert.Equal("Subject: x\r\nContent-Type: text/html\r\n\r\nnew", Encoding.ASCII.GetString(output));
    }

    [Fact]
    public void A_signed_part_is_refused_and_nothing_is_written()
    {
        var signed =
            "Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\nContent-Type: text/html\r\n\r\nx\r\n--s--\r\n";
        var (result, output) = Replace(signed, "y");
        Assert.Equal(PartTextResult.Sealed, result);
        Assert.Empty(output);
    }

    [Fact]
    public void Text_in_an_empty_part_does_not_swallow_the_boundary()
    {
        var (_, output) = Replace(
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n--b--\r\n",
            "new"
        );
        Assert.Equal("new", Html(output).DecodeText());
        Assert.EndsWith("\r\n\r\nnew\r\n--b--\r\n", Encoding.ASCII.GetString(output), StringComparison.Ordinal);
    }

    [Fact]
    public void Text_is_never_written_where_it_would_be_a_field()
    {
        var cut = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n--b--\r\n";
        Assert.Equal(PartTextResult.NoSeparator, Replace(cut, "X: y\r\n\r\n").Result);
    }

    [Fact]
    public void A_part_of_another_message_is_refused()
    {
        var one = MimeMessage.Parse("Content-Type: text/html\r\n\r\nx"u8.ToArray());
        var other = MimeMessage.Parse(one.Bytes);
        Assert.Equal(
            PartTextResult.NotOfThisMessage,
            PartText.Replace(one, other.Root, "y", new ArrayBufferWriter<byte>())
        );
    }

    [Theory]
    [InlineData("7bit")]
    [InlineData("8bit")]
    [InlineData("binary")]
    [InlineData("quoted-printable")]
    [InlineData("base64")]
    public void Text_can_never_end_its_own_part(string encoding)
    {
        var text = "<p>\r\n--b\r\nContent-Type: text/html\r\n\r\n<script>\r\n--b--\r\n";
        var head = $"Content-Type: text/html\r\nContent-Transfer-Encoding: {encoding}\r\n\r\nold";
        var (_, output) = Replace(Before + head + After, text);
        Assert.Equal(2, MimeMessage.Parse(output).Root.Children.Count);
        Assert.Equal(text, Html(output).DecodeText());
    }

    [Fact]
    public void Any_text_survives_each_transfer_encoding()
    {
        var random = new Random(3);
        for (var i = 0; i < 2_000; i++)
        {
            var text = string.Concat(
                Enumerable.Range(0, random.Next(300)).Select(_ => Pieces[random.Next(Pieces.Length)])
            );
            var encoding = i % 2 == 0 ? "quoted-printable" : "base64";
            var head = $"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n";
            var (_, output) = Replace(Before + head + After, text);
            Assert.Equal(text, Html(output).DecodeText());
            Assert.DoesNotContain(Encoding.UTF8.GetString(output).Split("\r\n"), line => line.Length > 76);
        }
    }

    private static readonly string[] Pieces =
    [
        "a",
        " ",
        "\t",
        "=",
        ".",
        "\r\n",
        "\u00E9",
        "\u20AC",
        "\U0001F600",
        "From ",
        "<b>",
        "--b",
    ];

    private static (PartTextResult Result, byte[] Output) Replace(string message, string text)
    {
        var parsed = MimeMessage.Parse(Encoding.Latin1.GetBytes(message));
        var output = new ArrayBufferWriter<byte>();
        var result = PartText.Replace(
            parsed,
            parsed.Parts().First(part => part.ContentType.Is("text", "html")),
            text,
            output
        );
        return (result, output.WrittenSpan.ToArray());
    }

    private static MimePart Html(byte[] bytes) =>
        MimeMessage.Parse(bytes).Parts().Single(part => part.ContentType.Is("text", "html"));
}
