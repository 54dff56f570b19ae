using System.Buffers;
using System.Text;
using Gateway.Mail.Addresses;
using Gateway.Mail.Messages;

namespace Gateway.Mail.Tests.Messages.Composition;

public sealed class MessageComposerTests
{
    private static readonly Attachment Picture = new()
    {
        FileName = "p.png",
        ContentType = "image/png",
        Content = new byte[] { 1, 2, 3 },
        ContentId = "p@sender.example",
        Inline = true,
    };

    private static readonly Attachment Report = new()
    {
        FileName = "report.pdf",
        ContentType = "application/pdf",
        Content = new byte[] { 4, 5, 6 },
    };

    [Fact]
    public void A_plain_message_is_these_bytes_and_no_others()
    {
        var message = Composed.Message("Ann") with
        {
            To =
            [
                new Mailbox(null, Composed.Address("to@b.example")),
                new Mailbox("Bob", Composed.Address("bob@b.example")),
            ],
            Subject = "Hello",
            Text = "Hi\nthere",
            Headers = [Composed.Header("X-Campaign", "7")],
        };

        Assert.Equal(
            """
            From: Ann <from@sender.example>
            To: to@b.example, Bob <bob@b.example>
            Subject: Hello
            Date: Fri, 02 Jan 2026 03:04:05 -0330
            Message-ID: <1.2@sender.example>
            X-Campaign: 7
            MIME-Version: 1.0
            Content-Type: text/plain; charset=utf-8
            Content-Transfer-Encoding: 7bit

            Hi
            there

            """.ReplaceLineEndings("\r\n"),
            Composed.Text(message)
        );
    }

    [Theory]
    [InlineData(true, false, false, false, "text/plain")]
    [InlineData(false, true, false, false, "text/html")]
    [InlineData(true, true, false, false, "multipart/alternative(text/plain,text/html)")]
    [InlineData(false, true, true, false, "multipart/related(text/html,image/png)")]
    [InlineData(true, true, true, false, "multipart/alternative(text/plain,multipart/related(text/html,image/png))")]
    [InlineData(true, false, false, true, "multipart/mixed(text/plain,application/pdf)")]
    [InlineData(true, false, true, false, "multipart/mixed(text/plain,image/png)")]
    [InlineData(false, false, false, true, "multipart/mixed(application/pdf)")]
    [InlineData(
        true,
        true,
        true,
        true,
        "multipart/mixed(multipart/alternative(text/plain,multipart/related(text/html,image/png)),application/pdf)"
    )]
    [InlineData(false, false, false, false, "text/plain")]
    public void The_tree_has_a_level_only_where_it_has_children(
        bool text,
        bool html,
        bool inline,
        bool file,
        string expected
    )
    {
        var message = Composed.Message() with
        {
            Text = text ? "text" : null,
            Html = html ? "<p>html</p>" : null,
            Attachments =
            [
                .. inline ? [Picture] : Array.Empty<Attachment>(),
                .. file ? [Report] : Array.Empty<Attachment>(),
            ],
        };

        Assert.Equal(expected, Tree(Composed.Text(message)));
    }

    [Fact]
    public void The_same_message_gives_the_same_bytes_and_another_seed_other_boundaries()
    {
        var message = Composed.Message() with { Text = "text", Html = "<p>html</p>", Attachments = [Picture, Report] };

        Assert.Equal(Composed.Bytes(message), Composed.Bytes(message));
        Assert.NotEqual(Composed.Bytes(message), Composed.Bytes(message with { BoundarySeed = "other" }));
    }

    [Fact]
    public void A_boundary_never_occurs_in_the_content()
    {
        var message = Composed.Message() with { Text = "text", Html = "<p>html</p>" };
        var boundary = Boundary(Composed.Text(message));

        var hostile = Composed.Text(message with { Text = $"text\r\n--{boundary}\r\n\r\nsmuggled" });

        Assert.NotEqual(boundary, Boundary(hostile));
        Assert.Equal("multipart/alternative(text/plain,text/html)", Tree(hostile));
    }

    [Fact]
    public void A_boundary_never_occurs_in_an_attached_message()
    {
        var attached = new Attachment
        {
            FileName = "",
            ContentType = "message/rfc822",
            Content = "Subject: x\r\n\r\n"u8.ToArray(),
        };
        var message = Composed.Message() with { Text = "text", Attachments = [attached] };
        var boundary = Boundary(Composed.Text(message));
        var hostile = attached with { Content = Encoding.ASCII.GetBytes($"Subject: x\r\n\r\n--{boundary}--\r\n") };

        Assert.NotEqual(boundary, Boundary(Composed.Text(message with { Attachments = [hostile] })));
    }

    [Theory]
    [InlineData("plain", "7bit")]
    [InlineData("", "7bit")]
    [InlineData("a\ttab", "7bit")]
    [InlineData("Größe and many more plain words", "quoted-printable")]
    [InlineData("Привет, мир", "base64")]
    [InlineData("From here", "quoted-printable")]
    [InlineData("a\r\nFrom here", "quoted-printable")]
    [InlineData("nul\0", "quoted-printable")]
    [InlineData("bell\a in a longer text", "quoted-printable")]
    public void A_text_travels_as_7bit_or_in_the_shorter_encoding(string text, string encoding)
    {
        var composed = Composed.Text(Composed.Message() with { Text = text });

        Assert.Contains($"Content-Transfer-Encoding: {encoding}\r\n", composed, StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_of_998_stays_and_one_of_999_is_encoded()
    {
        var longest = Composed.Message() with { Text = new string('x', 998) };

        Assert.Contains("7bit", Composed.Text(longest), StringComparison.Ordinal);
        Assert.Contains(
            "quoted-printable",
            Composed.Text(longest with { Text = new string('x', 999) }),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void An_attached_message_is_7bit_or_a_plain_file_and_never_base64()
    {
        var safe = new Attachment
        {
            FileName = "m.eml",
            ContentType = "message/rfc822",
            Content = "Subject: x\r\n\r\ny"u8.ToArray(),
        };
        var message = Composed.Message() with { Text = "t" };

        var composed = Composed.Text(message with { Attachments = [safe] });
        Assert.Contains("Content-Type: message/rfc822\r\n", composed, StringComparison.Ordinal);
        Assert.Contains(
            "Content-Transfer-Encoding: 7bit\r\n\r\nSubject: x\r\n\r\ny\r\n--",
            composed,
            StringComparison.Ordinal
        );

        foreach (
            var content in new[] { "Subject: é\r\n\r\n", "Subject: x\n\n", "a\r\n\r\n" + new string('x', 999), "\0" }
        )
        {
            composed = Composed.Text(
                message with
                {
                    Attachments = [safe with { Content = Encoding.UTF8.GetBytes(content) }],
                }
            );
            Assert.DoesNotContain("message/rfc822", composed, StringComparison.Ordinal);
            Assert.Contains("Content-Type: application/octet-stream\r\n", composed, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Leaving_the_list_is_one_click_where_there_is_an_https_link()
    {
        var https = new Uri("https://bücher.example/u?t=1,2&x=a b");
        var mailto = new Uri("mailto:leave@b.example?subject=leave me");
        var message = Composed.Message() with { ListUnsubscribe = new ListUnsubscribe(https, mailto) };

        var fields = Composed.Fields(Composed.Bytes(message));
        Assert.Contains(
            "List-Unsubscribe: <https://xn--bcher-kva.example/u?t=1,2&x=a%20b>, <mailto:leave@b.example?subject=leave%20me>",
            fields
        );
        Assert.Contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click", fields);

        fields = Composed.Fields(Composed.Bytes(message with { ListUnsubscribe = new ListUnsubscribe(null, mailto) }));
        Assert.DoesNotContain(fields, static f => f.StartsWith("List-Unsubscribe-Post", StringComparison.Ordinal));
    }

    [Fact]
    public void A_link_of_another_scheme_cannot_be_a_way_to_leave()
    {
        Assert.Throws<ArgumentException>(() => new ListUnsubscribe(null, null));
        Assert.Throws<ArgumentException>(() => new ListUnsubscribe(new Uri("http://b.example"), null));
        Assert.Throws<ArgumentException>(() => new ListUnsubscribe(null, new Uri("https://b.example")));
        Assert.Throws<ArgumentException>(() =>
            new ListUnsubscribe(new Uri("https://b.example/" + new string('x', 1_000)), null)
        );
    }

    [Fact]
    public void The_senders_own_List_Unsubscribe_gives_way_to_the_messages()
    {
        var message = Composed.Message() with
        {
            Headers = [Composed.Header("list-unsubscribe", "<https://own.example>")],
        };

        Assert.Contains("own.example", Composed.Text(message), StringComparison.Ordinal);
        var both = message with { ListUnsubscribe = new ListUnsubscribe(new Uri("https://b.example/u"), null) };
        Assert.DoesNotContain("own.example", Composed.Text(both), StringComparison.Ordinal);
    }

    [Fact]
    public void An_international_address_makes_the_header_UTF_8_and_says_so()
    {
        var message = Composed.Message() with { To = [new Mailbox("Jörg", Composed.Address("jörg@b.example"))] };

        Assert.True(message.NeedsSmtpUtf8);
        Assert.Contains("<jörg@b.example>", Composed.Text(message), StringComparison.Ordinal);
        Assert.False(Composed.Message("Jörg").NeedsSmtpUtf8);
    }

    [Fact]
    public void A_token_of_a_custom_header_is_left_whole_as_long_as_a_line_may_be()
    {
        var token = new string('x', 900);
        Assert.Contains(
            $"X-Token:\r\n {token}\r\n",
            Composed.Text(Composed.Message() with { Headers = [Composed.Header("X-Token", token)] }),
            StringComparison.Ordinal
        );
        var longer = Composed.Bytes(Composed.Message() with { Headers = [Composed.Header("X-Token", token + "x")] });
        Composed.AssertWireForm(longer);
    }

    [Fact]
    public void Text_is_made_from_HTML_only_when_asked()
    {
        var message = Composed.Message() with { Html = "<p>Hello <b>you</b></p>" };

        Assert.Equal("text/html", Tree(Composed.Text(message)));
        var asked = Composed.Text(message with { TextFromHtml = true });
        Assert.Equal("multipart/alternative(text/plain,text/html)", Tree(asked));
        Assert.Contains("\r\nHello you\r\n", asked, StringComparison.Ordinal);
    }

    [Fact]
    public void An_attachment_goes_to_the_output_without_a_copy_of_its_own()
    {
        var message = Composed.Message() with
        {
            Text = "t",
            Attachments = [Report with { Content = new byte[10_000_000] }],
        };
        var output = new ArrayBufferWriter<byte>(16_000_000);
        MessageComposer.Compose(message, output);
        output.ResetWrittenCount();
        var before = GC.GetAllocatedBytesForCurrentThread();

        MessageComposer.Compose(message, output);

        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 16_384);
    }

    [Theory]
    [InlineData("image/png", "image/png")]
    [InlineData("Image/PNG; name=\"x.png\"", "image/png")]
    [InlineData("text/calendar; method=REQUEST; charset=\"utf-8\"", "text/calendar; method=REQUEST; charset=utf-8")]
    [InlineData("text/plain;", "text/plain")]
    [InlineData("application/x; a=\"b c\"", "application/x; a=\"b c\"")]
    public void A_content_type_is_written_in_its_canonical_form(string given, string written)
    {
        var message = Composed.Message() with { Attachments = [Report with { ContentType = given }] };
        Assert.Contains($"\r\nContent-Type: {written}\r\n", Composed.Text(message), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("png")]
    [InlineData("image/")]
    [InlineData("/png")]
    [InlineData("image/png/x")]
    [InlineData("image /png")]
    [InlineData("image/png; x")]
    [InlineData("image/png; x=")]
    [InlineData("image/png; x=\"y")]
    [InlineData("image/png; x=y z")]
    [InlineData("image/png; x*=utf-8''y")]
    [InlineData("image/pñg")]
    [InlineData("image/png\r\nX: y")]
    [InlineData("image/png; x=\"\r\n\"")]
    [InlineData("multipart/mixed; boundary=x")]
    public void What_is_no_content_type_of_a_file_is_refused(string given)
    {
        Assert.False(Attachment.TryCreate("x", given, default, null, false, out _, out var error));
        Assert.NotEmpty(error.Message);
        Assert.Throws<ArgumentException>(() => Report with { ContentType = given });
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("a@")]
    [InlineData("@b")]
    [InlineData("a@b@c")]
    [InlineData("<a@b>")]
    [InlineData("a b@c")]
    [InlineData("a@b\r\n")]
    [InlineData("é@b")]
    public void A_message_id_is_two_dot_atoms(string id) =>
        Assert.Throws<ArgumentException>(() => Composed.Message() with { MessageId = id });

    // The media types in their nesting, by the boundaries that the message itself declares.
    private static string Tree(string part)
    {
        var end = part.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var head = part[..end].Replace("\r\n ", " ", StringComparison.Ordinal);
        var start = head.IndexOf("Content-Type: ", StringComparison.Ordinal) + "Content-Type: ".Length;
        var type = head[start..].Split(';', '\r')[0];
        if (!type.StartsWith("multipart/", StringComparison.Ordinal))
            return type;
        var body = part[(end + 2)..];
        var parts = body.Split($"\r\n--{Boundary(head)}");
        Assert.StartsWith("--", parts[^1], StringComparison.Ordinal);
        return $"{type}({string.Join(',', parts[1..^1].Select(static p => Tree(p[2..])))})";
    }

    private static string Boundary(string head)
    {
        var start = head.IndexOf("boundary=\"", StringComparison.Ordinal) + "boundary=\"".Length;
        return head[start..head.IndexOf('"', start)];
    }
}
