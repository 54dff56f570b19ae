using System.Diagnostics;
using System.IO.Pipelines;
using System.Text;
using Gateway.Mail.Smtp;
using Gateway.Mail.Smtp.Server;
using Gateway.Mail.Tests.Smtp.Peers;

namespace Gateway.Mail.Tests.Fuzz;

/// <summary>Seeded, bounded by time: only declared refusals, whatever comes and however it is cut.</summary>
public sealed class SmtpFuzz
{
    private static readonly string[] Words =
    [
        "EHLO x\r\n",
        "HELO x\r\n",
        "MAIL FROM:<a@example.com>",
        "MAIL FROM:<>",
        "RCPT TO:<b@example.org>",
        "\r\n",
        "\r",
        "\n",
        "\0",
        "DATA\r\n",
        ".\r\n",
        "\r\n.\r\n",
        "..",
        " SIZE=99",
        " SIZE=",
        " BODY=8BITMIME",
        " SMTPUTF8",
        "AUTH PLAIN AHVzZXIAc2VjcmV0\r\n",
        "AUTH LOGIN\r\n",
        "dXNlcg==\r\n",
        "*\r\n",
        "RSET\r\n",
        "NOOP\r\n",
        "QUIT\r\n",
        "STARTTLS\r\n",
        "ö",
        "\u00ff",
        "<",
        ">",
        "\"",
        "\\",
        "250-x\r\n",
        "250 2.1.0 ok\r\n",
        "354 \r\n",
        "421 4.3.2 x\r\n",
        "550 5.1.1",
        "999 \r\n",
        "12",
        "x",
    ];

    [Fact]
    [Trait("Fuzz", "smtp-session")]
    public Task A_session_ends_or_goes_on_and_stores_only_clean_messages() =>
        FuzzRun.Async(async random =>
        {
            var policy = new RecordingPolicy();
            var (toServer, toClient) = (new Pipe(), new Pipe());
            var options = SessionHost.Open with { Linger = TimeSpan.Zero };
            var session = new SmtpServerSession(new Duplex(toServer.Reader, toClient.Writer), options, policy);
            var run = session.RunAsync();
            foreach (var piece in Cut(random, Input(random)))
            {
                var flushed = await toServer.Writer.WriteAsync(piece);
                if (flushed.IsCompleted)
                {
                    break;
                }
            }

            await toServer.Writer.CompleteAsync();
            var said = toClient.Reader.AsStream();
            using var reader = new StreamReader(said, Encoding.UTF8);
            var replies = await reader.ReadToEndAsync();
            await run;
            Assert.All(replies.Split("\r\n")[..^1], r => Assert.Matches("^[2-5][0-9][0-9][ -]", r));
            Assert.Empty(policy.Faults);
            Assert.All(policy.Messages, m => Assert.DoesNotContain((byte)0, m.Content));
        });

    [Fact]
    [Trait("Fuzz", "smtp-reply")]
    public Task A_reply_is_framed_alike_however_it_is_cut() =>
        FuzzRun.Async(random =>
        {
            Reply(Input(random), random);
            return Task.CompletedTask;
        });

    private static void Reply(byte[] input, Random random)
    {
        var whole = new SmtpReplyFraming(new SmtpReplyLimits());
        var expected = whole.Advance(input);
        var cut = new SmtpReplyFraming(new SmtpReplyLimits());
        var result = SmtpReplyFraming.Result.More;
        for (var end = 0; end < input.Length && result == SmtpReplyFraming.Result.More; )
        {
            end = Math.Min(input.Length, end + random.Next(1, 40));
            result = cut.Advance(input.AsSpan(0, end));
        }

        Assert.Equal(input.Length == 0 ? SmtpReplyFraming.Result.More : expected, result);
        Assert.Equal(whole.Length, cut.Length);
        if (result == SmtpReplyFraming.Result.Complete)
        {
            var reply = SmtpReplyFraming.Decode(input.AsSpan(0, cut.Length));
            Assert.True(SmtpReply.TryParse(reply.ToString(), out var again));
            Assert.Equal(reply, again);
            _ = SmtpClassifier.Classify(SmtpPhase.RcptTo, reply, SmtpHop.RemoteMx);
        }
    }

    [Fact]
    public void Any_reply_of_100_KiB_is_classified_in_no_time()
    {
        foreach (var text in (string[])["retry ", "1 ", "\n", "a.b ", "(", "is & "])
        {
            var reply = SmtpReply.Of(450, string.Concat(Enumerable.Repeat(text, 100 * 1024 / text.Length)));
            var watch = Stopwatch.StartNew();
            _ = SmtpClassifier.Classify(SmtpPhase.FinalDot, reply, SmtpHop.RemoteMx);
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(1), text);
        }
    }

    private static byte[] Input(Random random)
    {
        var text = string.Concat(Enumerable.Range(0, random.Next(1, 30)).Select(_ => Words[random.Next(Words.Length)]));
        text =
            random.Next(2) == 0
                ? "EHLO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n" + text
                : text;
        var bytes = random.Next(4) == 0 ? Encoding.Latin1.GetBytes(text) : Encoding.UTF8.GetBytes(text);
        for (var flips = random.Next(3); flips > 0; flips--)
        {
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        }

        return bytes;
    }

    private static IEnumerable<byte[]> Cut(Random random, byte[] bytes)
    {
        for (var at = 0; at < bytes.Length; )
        {
            var size = Math.Min(bytes.Length - at, random.Next(1, 60));
            yield return bytes[at..(at + size)];
            at += size;
        }
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
