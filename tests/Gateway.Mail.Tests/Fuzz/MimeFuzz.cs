using System.Buffers;
using System.Diagnostics;
using System.Text;
using Gateway.Mail.Messages;

namespace Gateway.Mail.Tests.Fuzz;

/// <summary>
/// Mutates whole messages and header values and asserts that only declared refusals come out: no exception, ranges in
/// order, the same bytes written back, time and memory within bounds.
/// </summary>
public static class MimeFuzz
{
    private static readonly byte[][] Tokens =
    [
        .. new[]
        {
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
            "\u00E9",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    /// <summary>Runs for so long from this seed; the number of inputs tried. Throws with the input on a finding.</summary>
    public static long Run(TimeSpan time, int seed, IReadOnlyList<byte[]> messages)
    {
        var random = new Random(seed);
        var watch = Stopwatch.StartNew();
        var tried = 0L;
        while (watch.Elapsed < time)
        {
            var input = Mutate(messages[random.Next(messages.Count)], random);
            try
            {
                Check(input, random);
            }
            catch (Exception finding)
            {
                throw new InvalidOperationException(
                    $"seed {seed}, input {tried}: {Convert.ToBase64String(input)}",
                    finding
                );
            }

            tried++;
        }

        return tried;
    }

    private static byte[] Mutate(byte[] seed, Random random)
    {
        // 64 KiB is enough to hold every structure, and keeps thousands of inputs a second.
        var bytes = seed.AsSpan(0, Math.Min(seed.Length, 64 * 1024)).ToArray().ToList();
        for (var i = random.Next(1, 12); i > 0; i--)
        {
            var at = random.Next(bytes.Count + 1);
            var length = Math.Min(random.Next(1, 80), bytes.Count - at);
            switch (random.Next(5))
            {
                case 0:
                    bytes.InsertRange(at, Tokens[random.Next(Tokens.Length)]);
                    break;
                case 1:
                    bytes.RemoveRange(at, length);
                    break;
                case 2:
                    bytes.InsertRange(random.Next(bytes.Count + 1), bytes.GetRange(at, length));
                    break;
                case 3 when at < bytes.Count:
                    bytes[at] = (byte)random.Next(256);
                    break;
                default:
                    var token = Tokens[random.Next(Tokens.Length)];
                    bytes.InsertRange(at, Enumerable.Repeat(token, random.Next(1, 60)).SelectMany(part => part));
                    break;
            }
        }

        return [.. bytes];
    }

    private static void Check(byte[] input, Random random)
    {
        var watch = Stopwatch.StartNew();
        var message = MimeMessage.Parse(input);
        var parts = message.Parts().ToList();
        Require(parts.Count <= MimeLimits.Default.MaxParts + 1, "parts");
        foreach (var part in parts)
        {
            Require(part.HeaderRange.Start.Value <= part.HeaderRange.End.Value, "header range");
            Require(part.BodyRange.Start.Value <= part.BodyRange.End.Value, "body range");
            Require(part.BodyRange.End.Value <= input.Length, "end of body");
            _ = (part.DecodeText(), part.FileName, part.ContentId, part.Disposition);
            foreach (var field in part.Headers)
            {
                _ = (
                    field.Value,
                    MessageIdList.Parse(field.RawValue.Span),
                    MailDate.TryParse(field.RawValue.Span, out _)
                );
                _ = ContentType.Parse(field.RawValue.Span);
                Require(!field.Text.AsSpan().ContainsAny('\r', '\n', '\0'), "line end in text");
            }
        }

        Edits(message, parts, random);
        if (MessageBytes.TryNormalise(input, out var clean, out _))
        {
            Require(MessageBytes.TryNormalise(clean, out var again, out _) && again.Equals(clean), "normalised twice");
        }

        Require(watch.Elapsed < TimeSpan.FromSeconds(5), $"time {watch.Elapsed}");
    }

    private static void Edits(MimeMessage message, List<MimePart> parts, Random random)
    {
        Require(
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
            Require(
                headers.Length == message.Headers.Length - hidden + 1 || headers.Length > 1_000,
                "number of fields"
            );
            Require(headers[0].Value == "value" && headers.Count("bcc") == 0, "fields after an edit");
        }

        var output = new ArrayBufferWriter<byte>();
        var part = parts[random.Next(parts.Count)];
        const string Text = "caf\u00E9 \u20AC\n--b\nFrom: here.";
        var result = PartText.Replace(message, part, Text, output);
        var written = result is PartTextResult.Replaced or PartTextResult.ReplacedWithHeaders;
        Require(output.WrittenCount > 0 == written, "refused");
        if (written && message.Refusal is null)
        {
            var again = MimeMessage.Parse(output.WrittenMemory).Parts().ToList();
            Require(again.Count == parts.Count, "number of parts after a replacement");
            var read = again[parts.IndexOf(part)].DecodeText();
            Require(read.Replace("\r\n", "\n", StringComparison.Ordinal) == Text, "replaced text");
        }

        _ = MessageParts.Split(message);
    }

    private static void Require(bool holds, string what)
    {
        if (!holds)
        {
            throw new InvalidOperationException(what);
        }
    }
}
