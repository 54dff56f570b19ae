using System.Buffers;
using System.Text;
using Gateway.Mail.Addresses;
using Gateway.Mail.Dkim;
using Gateway.Mail.Messages;
using Gateway.Mail.Smtp;
using Gateway.Mail.Tests.Messages.Composition;

namespace Gateway.Mail.Tests.LinearTime;

/// <summary>Ten times the input takes at most twelve times as long, for honest input and for what slows others down.</summary>
public sealed class LinearTimeTests(ITestOutputHelper output)
{
    // Ten times as much is still below the size where .NET allocates in another, dearer way (85,000 bytes).
    private const int Small = 4_000;

    private readonly ArrayBufferWriter<byte> written = new(1 << 20);

    [Theory]
    [InlineData("\"Doe, J.\" <j.doe@b.example>, ")]
    [InlineData("=?utf-8?q?J=C3=B6rg?= <j@b.example>, ")]
    [InlineData("\"=?utf-8?q?a?=\" b ")]
    [InlineData("=?utf-8?q?a ")]
    [InlineData("=?x?q?a?=")]
    [InlineData("()")]
    [InlineData("a.")]
    public void An_address_list_is_read_in_linear_time(string piece)
    {
        var limits = new AddressListLimits(int.MaxValue, int.MaxValue, 50);
        Linear(piece, text => AddressList.TryParse(text, out _, out _, limits));
    }

    [Theory]
    [InlineData("=?utf-8?q?caf=C3=A9?= and ")]
    [InlineData("=?utf-8?b?4oKs?= ")]
    [InlineData("=?no-such?q?a?= ")]
    [InlineData("=?utf-8?q?a")]
    [InlineData("=?=?utf-8?b?")]
    [InlineData("a\r\n ")]
    public void Header_text_is_decoded_in_linear_time(string piece) =>
        LinearBytes(piece, bytes => HeaderWords.Decode(bytes));

    [Theory]
    [InlineData("a", "\"")]
    [InlineData("\\\"", "\"")]
    [InlineData("(", "")]
    [InlineData("%41", "")]
    [InlineData("a'", "")]
    public void Parameters_are_read_in_linear_time(string piece, string end) =>
        LinearBytes(piece, bytes => ContentType.Parse(bytes), "text/plain; name*=\"utf-8''", end);

    [Theory]
    [InlineData("some text\r\n")]
    [InlineData("--not a boundary\r\n")]
    [InlineData("--b\r\n")]
    [InlineData("--bb\r\n--b")]
    [InlineData("\n")]
    [InlineData("\r")]
    public void The_structure_of_a_message_is_read_in_linear_time(string piece) =>
        LinearBytes(
            piece,
            bytes => MimeMessage.Parse(bytes),
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n\r\n"
        );

    [Theory]
    [InlineData("quoted-printable", "=C3=A9 =\r\n")]
    [InlineData("quoted-printable", "= \t")]
    [InlineData("base64", "4oKs\r\n")]
    [InlineData("base64", "=!")]
    [InlineData("x-uuencode", "#86)C\n")]
    public void The_text_of_a_part_is_decoded_in_linear_time(string encoding, string piece) =>
        LinearBytes(
            piece,
            bytes => MimeMessage.Parse(bytes).Root.DecodeText(),
            $"Content-Transfer-Encoding: {encoding}\r\n\r\nbegin 644 a\r\n"
        );

    [Theory]
    [InlineData("plain words\n")]
    [InlineData("caf\u00E9 = \u20AC \r\n")]
    [InlineData("\u4E2D")]
    [InlineData("x")]
    [InlineData("From ")]
    public void A_text_is_composed_in_linear_time(string piece) =>
        Linear(piece, text => Compose(Composed.Message() with { Text = text }));

    [Fact]
    public void Recipients_are_composed_in_linear_time()
    {
        var mailbox = new Mailbox("J\u00F6rg \"J.\" Doe", Composed.Address("j.doe@b.example"));
        var (few, many) = (Enumerable.Repeat(mailbox, 100).ToArray(), Enumerable.Repeat(mailbox, 1_000).ToArray());
        Linear(
            () => Compose(Composed.Message() with { To = few }),
            () => Compose(Composed.Message() with { To = many })
        );
    }

    [Theory]
    [InlineData("<p>one <a href='https://x.example'>two</a>")]
    [InlineData("<")]
    [InlineData("<!--")]
    [InlineData("<script>")]
    [InlineData("<a ")]
    [InlineData("&amp;")]
    [InlineData("&")]
    [InlineData("   ")]
    public void Html_becomes_text_in_linear_time(string piece) => Linear(piece, text => HtmlText.ToPlainText(text));

    [Theory]
    [InlineData("a line of text\r\n")]
    [InlineData(".\r\n")]
    [InlineData("\n")]
    [InlineData("\r")]
    public void Dots_are_stuffed_in_linear_time(string piece) =>
        LinearBytes(
            piece,
            bytes =>
            {
                written.ResetWrittenCount();
                DotStuffing.Encode(new ReadOnlySequence<byte>(bytes), written);
            }
        );

    [Theory]
    [InlineData(Canonicalization.Relaxed, "words  and \t spaces \r\n")]
    [InlineData(Canonicalization.Relaxed, "\r\n")]
    [InlineData(Canonicalization.Relaxed, " ")]
    [InlineData(Canonicalization.Simple, "\r\n")]
    [InlineData(Canonicalization.Simple, "\r")]
    public void A_body_is_hashed_in_linear_time(Canonicalization mode, string piece) =>
        LinearBytes(
            piece,
            bytes =>
            {
                using var hasher = new DkimBodyHasher(mode);
                hasher.Append(bytes);
                hasher.Finish();
            }
        );

    [Theory]
    [InlineData(Canonicalization.Relaxed, "word  ")]
    [InlineData(Canonicalization.Relaxed, "\r\n ")]
    [InlineData(Canonicalization.Relaxed, " ")]
    [InlineData(Canonicalization.Simple, "word\n ")]
    public void A_header_is_canonicalised_in_linear_time(Canonicalization mode, string piece) =>
        LinearBytes(
            piece,
            bytes =>
            {
                using var canonical = new PooledBytes(bytes.Length);
                HeaderCanonicalizer.Write(mode, bytes, canonical);
            },
            "Subject: "
        );

    [Fact]
    public void Time_that_grows_with_the_square_of_the_input_would_be_seen()
    {
        var ratio = Growth.Of(() => Square(300), () => Square(3_000), TimeSpan.Zero);
        Assert.True(ratio > 4, $"{ratio}");
    }

    private static int Square(int n)
    {
        var sum = 0;
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < n; j++)
            {
                sum += i ^ j;
            }
        }

        return sum;
    }

    private void Compose(OutgoingMessage message)
    {
        written.ResetWrittenCount();
        MessageComposer.Compose(message, written);
    }

    private void LinearBytes(string piece, Action<byte[]> run, string begin = "", string end = "")
    {
        var (small, large) = (
            Encoding.UTF8.GetBytes(begin + Repeat(piece, 1) + end),
            Encoding.UTF8.GetBytes(begin + Repeat(piece, 10) + end)
        );
        Linear(() => run(small), () => run(large));
    }

    private void Linear(string piece, Action<string> run)
    {
        var (small, large) = (Repeat(piece, 1), Repeat(piece, 10));
        Linear(() => run(small), () => run(large));
    }

    private void Linear(Action small, Action large)
    {
        var ratio = Growth.Of(small, large);
        output.WriteLine($"10 times the input takes {10 * ratio:F1} times as long");
        Assert.True(ratio <= Growth.Allowed, $"10 times the input takes {10 * ratio:F1} times as long");
    }

    private static string Repeat(string piece, int times) =>
        new StringBuilder().Insert(0, piece, Small * times / piece.Length).ToString();
}
