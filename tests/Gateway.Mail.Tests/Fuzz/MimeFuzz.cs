using System.Buffers;
using Gateway.Mail.Messages;

namespace Gateway.Mail.Tests.Fuzz;

/// <summary>
/// Whole messages: only declared refusals come out, ranges are in order, what an edit writes is read back.
/// </summary>
public sealed class MimeFuzz
{
    private static readonly byte[][] Tokens = Mutation.Tokens(
        "\r\n",
        "\n",
        "\r",
        "\0",
        "--",
        "--b\r\n",
        "--b--\r\n",
        "\r\n\r\n",
        "=?utf-8?q?",
        "?=",
        "=?utf-7?b?",
        "=",
        "Content-Type: multipart/mixed; boundary=b\r\n",
        "Content-Type: message/rfc822\r\n\r\n",
        "; name*0*=utf-8''%E2",
        "Content-Transfer-Encoding: base64\r\n",
        "Content-Transfer-Encoding: quoted-printable\r\n",
        "(",
        "\"",
        "\\",
        "%",
        "Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 a\r\n",
        ":",
        " ",
        "\t",
        "\u001B$B",
        "=?iso-2022-jp?b?",
        "charset=utf-16",
        "charset=iso-2022-kr",
        "charset=gb18030",
        "From: a\r\n",
        "Subject ",
        "\uFFFD",
        "\u00E9"
    );

    [Fact]
    [Trait("Fuzz", "mime")]
    public Task Mutated_messages_bring_forth_only_declared_refusals() =>
        FuzzRun.OverAsync(KeptSeeds.Of("mime"), Tokens, Check);

    private static void Check(byte[] input, Random random)
    {
        var message = MimeMessage.Parse(input);
        var parts = message.Parts().ToList();
        Assert.True(parts.Count <= MimeLimits.Default.MaxParts + 1, "parts");
        foreach (var part in parts)
        {
            Assert.True(part.HeaderRange.Start.Value <= part.HeaderRange.End.Value, "header range");
            Assert.True(part.BodyRange.Start.Value <= part.BodyRange.End.Value, "body range");
            Assert.True(part.BodyRange.End.Value <= input.Length, "end of body");
            _ = (part.DecodeText(), part.FileName, part.ContentId, part.Disposition);
            foreach (var field in part.Headers)
            {
                Assert.True(!field.Text.AsSpan().ContainsAny('\r', '\n', '\0'), "line end in text");
            }
        }

        Edits(message, parts, random);
        if (MessageBytes.TryNormalise(input, out var clean, out _))
        {
            Assert.True(
                MessageBytes.TryNormalise(clean, out var again, out _) && again.Equals(clean),
                "normalised twice"
            );
        }
    }

    private static void Edits(MimeMessage message, List<MimePart> parts, Random random)
    {
        Assert.True(
            HeaderEdits.Slices(message, new HeaderChanges()).Sum(piece => (long)piece.Length) <= message.Bytes.Length,
            "edited length"
        );
        _ = HeaderLine.TryCreate("X-New", "value", out var line);
        var edited = new ArrayBufferWriter<byte>();
        HeaderEdits.Write(message, new HeaderChanges { Prepend = [line!] }, edited);
        if (message.Refusal is null)
        {
            var headers = MimeMessage.Parse(edited.WrittenMemory).Headers;
            var hidden = message.Headers.Count("bcc") + message.Headers.Count("resent-bcc");
            Assert.True(
                headers.Length == message.Headers.Length - hidden + 1 || headers.Length > 1_000,
                "number of fields"
            );
            Assert.True(headers[0].Value == "value" && headers.Count("bcc") == 0, "fields after an edit");
        }

        var output = new ArrayBufferWriter<byte>();
        var part = parts[random.Next(parts.Count)];
        const string Text = "caf\u00E9 \u20AC\n--b\nFrom: here.";
        var result = PartText.Replace(message, part, Text, output);
        var written = result is PartTextResult.Replaced or PartTextResult.ReplacedWithHeaders;
        Assert.True(output.WrittenCount > 0 == written, "refused");
        if (written && message.Refusal is null)
        {
            var again = MimeMessage.Parse(output.WrittenMemory).Parts().ToList();
            Assert.True(again.Count == parts.Count, "number of parts after a replacement");
            var read = again[parts.IndexOf(part)].DecodeText();
            Assert.True(read.Replace("\r\n", "\n", StringComparison.Ordinal) == Text, "replaced text");
        }

        _ = MessageParts.Split(message);
    }
}
