using System.Text;
using Gateway.Mail.Tests.Smtp.Peers;

namespace Gateway.Mail.Tests.Smtp.Attacks;

/// <summary>A1: whatever looks like an end of content and is not, ends the session.</summary>
public sealed class A01InboundSmugglingTests
{
    private const string Smuggled =
        "MAIL FROM:<evil@example.com>\r\nRCPT TO:<victim@example.org>\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n.\r\n";

    [Fact]
    public async Task No_fake_end_at_any_split_lets_a_second_message_in()
    {
        await using var host = new SessionHost();
        var cases = FakeEnds
            .All.Select(end => $"Subject: x\r\n\r\nbody{end}{Smuggled}")
            .SelectMany(text => Enumerable.Range(1, text.Length - 1).Select(split => (text, split)))
            .ToList();

        await Parallel.ForEachAsync(cases, Four, async (c, _) => await Refused(host, c.text, c.split));

        Assert.True(cases.Count > 16 * 100);
        Assert.Empty(host.Record.Messages);
    }

    [Fact]
    public async Task Every_sequence_of_the_corpus_is_refused()
    {
        await using var host = new SessionHost();
        foreach (var end in FakeEnds.OfCorpus())
        {
            var text = $"Subject: x\r\n\r\nbody{end}{Smuggled}";
            await Refused(host, text, text.IndexOf("MAIL", StringComparison.Ordinal));
        }

        Assert.Empty(host.Record.Messages);
    }

    [Fact]
    public async Task Of_1000_random_strings_only_clean_ones_are_stored_and_none_brings_a_second()
    {
        var random = new Random(20231218);
        await using var host = new SessionHost();
        var texts = Enumerable.Range(0, 1000).Select(_ => Random(random)).ToList();
        var clean = texts.Count(t => !Violates(t));

        await Parallel.ForEachAsync(
            texts,
            Four,
            async (text, _) =>
            {
                await using var talk = await Ready(host);
                await talk.Send(Encoding.Latin1.GetBytes(text));
                talk.Finish();
                var replies = await talk.HearAll();
                Assert.Equal(Violates(text) ? "554" : "250", replies[0][..3]);
                Assert.Single(replies);
            }
        );

        Assert.Equal(clean, host.Record.Messages.Count);
        Assert.InRange(clean, 10, 990);
    }

    private static ParallelOptions Four { get; } = new() { MaxDegreeOfParallelism = 4 };

    private static async Task Refused(SessionHost host, string text, int split)
    {
        await using var talk = await Ready(host);
        var bytes = Encoding.Latin1.GetBytes(text);
        await talk.Send(bytes.AsMemory(0, split));
        await Task.Yield();
        await talk.Send(bytes.AsMemory(split));
        talk.Finish();
        var replies = await talk.HearAll();
        Assert.StartsWith("554 5.6.0", Assert.Single(replies), StringComparison.Ordinal);
    }

    internal static async Task<SmtpTalk> Ready(SessionHost host)
    {
        var talk = await host.Talk();
        await talk.Hear();
        await talk.Ask("EHLO client.example");
        await talk.Ask("MAIL FROM:<a@example.com>");
        await talk.Ask("RCPT TO:<b@example.org>");
        Assert.StartsWith("354", await talk.Ask("DATA"), StringComparison.Ordinal);
        return talk;
    }

    // Pieces, so that pairs are as likely as halves; no true end but the last.
    private static string Random(Random random)
    {
        string[] pieces =
        [
            "\r\n",
            "\r\n",
            "\r\n",
            "\r\n",
            "x",
            "x",
            "x",
            ".",
            ".",
            "y",
            "\r\n..",
            "z",
            "\r",
            "\n",
            "\0",
        ];
        while (true)
        {
            var likely = random.Next(2) == 0 ? pieces.Length : pieces.Length - 3;
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(_ => pieces[random.Next(likely)]));
            if (!$"\r\n{text}\r\n".Contains("\r\n.\r\n", StringComparison.Ordinal))
            {
                return $"{text}\r\n.\r\n";
            }
        }
    }

    private static bool Violates(string text)
    {
        var rest = text.Replace("\r\n", "", StringComparison.Ordinal);
        return rest.AsSpan().IndexOfAny('\r', '\n', '\0') >= 0;
    }
}
