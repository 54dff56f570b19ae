using System.Text.Json;
using Gateway.Mail.Addresses;
using Gateway.Mail.Messages;
using Gateway.Mail.Tests.Addresses;
using Gateway.Mail.Tests.Peers;

namespace Gateway.Mail.Tests.Messages.Composition;

/// <summary>A6: whatever text is put wherever text can be put, the header has the intended fields and no other.</summary>
public sealed class A06_HeaderInjectionTests
{
    private static readonly string[] Intended =
    [
        "From",
        "Sender",
        "Reply-To",
        "To",
        "Cc",
        "Subject",
        "Date",
        "Message-ID",
        "X-Custom",
        "MIME-Version",
        "Content-Type",
    ];

    private const int InProcess = 100_000;
    private const int ByPython = 10_000;

    [Fact]
    public void A_hundred_thousand_texts_make_no_new_field()
    {
        var composed = 0;
        foreach (var text in Texts(InProcess))
        {
            if (!TryCompose(text, out var bytes))
                continue;
            composed++;
            var names = Composed.Fields(bytes).Select(static f => f[..f.IndexOf(':', StringComparison.Ordinal)]);
            Assert.Equal(Intended, names);
            Composed.AssertWireForm(bytes);
        }

        Assert.True(composed > InProcess / 3, $"{composed} composed");
    }

    [Fact]
    public async Task Python_counts_the_intended_fields()
    {
        var messages = Texts(ByPython).Select(static text => TryCompose(text, out var bytes) ? bytes : null);
        foreach (var answer in await PythonMail.Parse(messages.OfType<byte[]>()))
        {
            Assert.Equal(Intended, answer.GetProperty("fields").EnumerateArray().Select(static f => f.GetString()));
            Assert.Empty(answer.GetProperty("defects").EnumerateArray());
            Assert.Equal("from@sender.example", answer.GetProperty("from")[0][2].GetString());
        }
    }

    [Theory]
    [InlineData("hi\r\nBcc: victim@example.net")]
    [InlineData("hi\nBcc: victim@example.net")]
    [InlineData("hi\rBcc: victim@example.net")]
    [InlineData("hi\0")]
    [InlineData("hi\u007F")]
    public void A_control_character_is_refused_wherever_text_goes_and_never_stripped(string text)
    {
        Assert.False(HeaderText.TryCreate(text, out _, out var error));
        Assert.NotEmpty(error.Message);
        Assert.False(HeaderName.TryCreate(text, out _, out _));
        Assert.False(HeaderField.TryCreate("X-A", text, out _, out _));
        Assert.False(Mailbox.TryCreate(text, Composed.Address("a@b.example"), out _, out _));
        Assert.False(Attachment.TryCreate(text, "image/png", default, null, false, out _, out _));
        Assert.False(Attachment.TryCreate("a", $"image/png; x=\"{text}\"", default, null, false, out _, out _));
        Assert.False(Attachment.TryCreate("a", "image/png", default, text, false, out _, out _));
        Assert.Throws<ArgumentException>(() => Composed.Message(text));
        Assert.Throws<ArgumentException>(() => Composed.Message() with { Subject = text });
        Assert.Throws<ArgumentException>(() => Composed.Message() with { MessageId = text });
    }

    [Fact]
    public void Half_a_surrogate_pair_is_refused()
    {
        foreach (var text in new[] { "\uD800", "a\uDC00b", "\uD800\uD800\uDC00" })
        {
            Assert.False(HeaderText.TryCreate(text, out _, out _));
            Assert.False(Mailbox.TryCreate(text, Composed.Address("a@b.example"), out _, out _));
            Assert.False(EmailAddress.TryParse($"{text}@b.example", out _, out _));
        }
    }

    [Fact]
    public void An_advisorys_header_is_refused_or_is_text()
    {
        var seen = 0;
        foreach (var (id, field, input, must) in A05_EnvelopeInjectionTests.Cases())
        {
            var mustRefuse = must.StartsWith("refuse with", StringComparison.Ordinal);
            var accepted = field switch
            {
                "subject" => HeaderText.TryCreate(input, out _, out _),
                "headers[name]" => HeaderName.TryCreate(input, out _, out _),
                "headers" => input.Split(" / ").Any(static name => HeaderField.TryCreate(name, "x", out _, out _)),
                _ when field.Contains("filename", StringComparison.Ordinal) => Attachment.TryCreate(
                    input,
                    "image/png",
                    default,
                    null,
                    false,
                    out _,
                    out _
                ),
                _ when field.Contains("content_type", StringComparison.Ordinal) => Attachment.TryCreate(
                    "a",
                    input,
                    default,
                    null,
                    false,
                    out _,
                    out _
                ),
                _ => !mustRefuse,
            };
            seen++;
            Assert.False(accepted && (mustRefuse || field == "headers"), id);
        }

        Assert.NotEqual(0, seen);
    }

    [Theory]
    [InlineData("From")]
    [InlineData("fRoM")]
    [InlineData("Sender")]
    [InlineData("Bcc")]
    [InlineData("Message-ID")]
    [InlineData("Received")]
    [InlineData("Return-Path")]
    [InlineData("DKIM-Signature")]
    [InlineData("ARC-Seal")]
    [InlineData("Authentication-Results")]
    [InlineData("Resent-From")]
    [InlineData("Content-Type")]
    [InlineData("content-transfer-encoding")]
    [InlineData("MIME-Version")]
    [InlineData("Subject")]
    public void A_field_that_the_gateway_writes_cannot_be_given_again(string name) =>
        Assert.False(HeaderField.TryCreate(name, "x", out _, out _));

    private static IEnumerable<string> Texts(int random)
    {
        foreach (
            var text in JsonSerializer.Deserialize<string[]>(
                File.ReadAllBytes(Corpora.Path("attack-strings", "blns.json"))
            )!
        )
            yield return text;
        foreach (var line in File.ReadLines(Corpora.Path("attack-strings", "crlfinjection.txt")))
        {
            yield return line;
            yield return Uri.UnescapeDataString(line);
        }

        for (var seed = 0; seed < random; seed++)
        {
            var text = new RandomText(seed);
            yield return text.Chance(50) ? text.Line(8) : Wild(text);
        }
    }

    // Any UTF-16 units at all, with line ends and NUL among them.
    private static string Wild(RandomText random) =>
        string.Create(
            random.Next(20),
            random,
            static (span, from) =>
            {
                foreach (ref var c in span)
                    c = from.Chance(90) ? (char)(' ' + from.Next(600)) : (char)from.Next(0x10000);
                if (span.Length > 0 && from.Chance(20))
                    span[^1] = "\r\n\0"[from.Next(3)];
            }
        );

    private static bool TryCompose(string text, out byte[] bytes)
    {
        bytes = [];
        var address = Composed.Address("from@sender.example");
        if (
            !Mailbox.TryCreate(text, address, out var mailbox, out _)
            || !HeaderField.TryCreate("X-Custom", text, out var field, out _)
            || !Attachment.TryCreate(text, "image/png", default, null, false, out var file, out _)
        )
        {
            Assert.Contains(text, static c => c is < ' ' or '\x7f' || char.IsSurrogate(c));
            return false;
        }

        bytes = Composed.Bytes(
            Composed.Message(text) with
            {
                Sender = mailbox,
                ReplyTo = [mailbox],
                To = [mailbox, mailbox],
                Cc = [mailbox],
                Subject = text,
                Headers = [field],
                Text = text,
                Attachments = [file],
            }
        );
        return true;
    }
}
