using System.Diagnostics;
using System.Text;
using Gateway.Mail.Bounces;
using Gateway.Mail.Tests.Bounces;

namespace Gateway.Mail.Tests.Fuzz;

/// <summary>Whatever comes back, reading it ends, in linear time, with bounded and showable text.</summary>
public sealed class BounceFuzz
{
    /// <summary>Two seconds; FUZZ_SECONDS asks for more.</summary>
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(
        int.TryParse(Environment.GetEnvironmentVariable("FUZZ_SECONDS"), out var seconds) ? seconds : 2
    );

    private static readonly string[] Pieces =
    [
        "\r\n",
        "\n",
        "\r",
        "\0",
        "\r\n\r\n",
        "--b1\r\n",
        "--b1--\r\n",
        "Final-Recipient: rfc822; ",
        "Action: failed\r\n",
        "Action: delayed\r\n",
        "Status: 5.1.1\r\n",
        "Diagnostic-Code: smtp; 550-",
        "Content-Type: message/delivery-status\r\n\r\n",
        "Content-Type: message/rfc822\r\n\r\n",
        "Content-Type: text/html\r\n\r\n<a@b><style>",
        "Content-Transfer-Encoding: base64\r\n",
        "Feedback-Type: abuse\r\n",
        "{\"notificationType\":\"Bounce\",\"bounce\":",
        "<a@b>:",
        "@@@@",
        "550 ",
        "5.1.1",
        "4.4.7.",
        ">>> RCPT TO:<",
        "<<< ",
        "\\x{",
        "\u30a8",
        "utf-8; ",
        "(#5.",
        ";",
    ];

    [Fact]
    public void A_mutated_report_is_read_to_the_end()
    {
        var seeds = Directory
            .EnumerateFiles(OwnCorpusTests.Folder(), "*.eml")
            .Order()
            .Select(File.ReadAllBytes)
            .ToArray();
        var random = new Random(20260101);
        var watch = Stopwatch.StartNew();
        var runs = 0;
        while (watch.Elapsed < Budget)
        {
            var bytes = Mutate(random, random.GetItems(seeds, 1)[0]);
            Check(ReportReader.Read(bytes));
            runs++;
        }

        Assert.True(runs > 100, $"{runs} runs in {Budget}");
    }

    [Theory]
    [InlineData("<a@b>:\r\n")]
    [InlineData("<a@b>: 550 5.1.1 mailbox full 4.4.7 \r\n")]
    [InlineData("@")]
    [InlineData("a@a")]
    [InlineData("5.1.1 550 ")]
    [InlineData("550 <<< >>> ")]
    [InlineData("mailbox exceed ")]
    [InlineData("<style>")]
    [InlineData("\r\n\r\nFinal-Recipient: rfc822; a@b.example\r\nAction: failed\r\nStatus: 5.0.0\r\n")]
    [InlineData(" ")]
    public void Ten_times_the_bytes_take_about_ten_times_as_long(string piece)
    {
        _ = Fastest(piece, 2_000);
        var small = Fastest(piece, 20_000);
        var large = Fastest(piece, 200_000);
        // What is looked at is bounded, so it is usually far less; the floor keeps a timer's noise out.
        Assert.True(large <= 12 * small + TimeSpan.FromMilliseconds(20), $"{piece}: {small} and {large}");
    }

    private static TimeSpan Fastest(string piece, int octets)
    {
        var text = new StringBuilder("From: MAILER-DAEMON@example.org\r\nSubject: Undelivered Mail\r\n");
        text.Append(
            piece.Contains('<', StringComparison.Ordinal) && piece.Contains("style", StringComparison.Ordinal)
                ? "Content-Type: text/html\r\n"
                : ""
        );
        text.Append("\r\nYour message could not be delivered\r\n");
        while (text.Length < octets)
        {
            text.Append(piece);
        }

        var bytes = Encoding.UTF8.GetBytes(text.ToString());
        var best = TimeSpan.MaxValue;
        for (var i = 0; i < 5; i++)
        {
            var start = Stopwatch.GetTimestamp();
            Check(ReportReader.Read(bytes));
            var took = Stopwatch.GetElapsedTime(start);
            best = took < best ? took : best;
        }

        return best;
    }

    private static void Check(MailReport report)
    {
        Assert.True(report.Recipients.Count <= 501);
        foreach (var recipient in report.Recipients)
        {
            Assert.DoesNotContain(recipient.Diagnostic + recipient.Recipient, char.IsControl);
            Assert.True(recipient.Diagnostic.Length <= 4_096);
            Assert.False(recipient.IsHard && report.Kind != ReportKind.Bounce);
            Assert.False(recipient.IsHard && recipient.Outcome != Outcome.RecipientPermanent);
        }
    }

    private static byte[] Mutate(Random random, byte[] seed)
    {
        var bytes = new List<byte>(seed);
        for (var i = random.Next(1, 12); i > 0 && bytes.Count > 1; i--)
        {
            var at = random.Next(bytes.Count);
            var length = Math.Min(random.Next(1, 60), bytes.Count - at);
            switch (random.Next(4))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, length);
                    break;
                case 2:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                default:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(random.GetItems(Pieces, 1)[0]));
                    break;
            }
        }

        return [.. bytes];
    }
}
