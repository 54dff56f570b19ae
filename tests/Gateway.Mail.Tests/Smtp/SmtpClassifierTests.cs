using System.Globalization;
using Gateway.Mail.Smtp;

namespace Gateway.Mail.Tests.Smtp;

public sealed class SmtpClassifierTests
{
    public static TheoryData<string, string> Cases()
    {
        var cases = new TheoryData<string, string>();
        foreach (
            var file in Directory.EnumerateFiles(Repository.Path("tests", "Corpus", "smtp-replies"), "*.txt").Order()
        )
        {
            foreach (var line in File.ReadLines(file).Where(l => l.Contains(" | ", StringComparison.Ordinal)))
            {
                cases.Add(Path.GetFileNameWithoutExtension(file), line);
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_documented_reply_has_its_documented_meaning(string family, string line)
    {
        var bar = line.IndexOf(" | ", StringComparison.Ordinal);
        var words = line[..bar].Split(' ');
        Assert.True(
            SmtpReply.TryParse(line[(bar + 3)..].Replace("\\n", "\n", StringComparison.Ordinal), out var reply)
        );
        var phase = Enum.Parse<SmtpPhase>(words[0]);
        var hop = words[1] == "mx" ? SmtpHop.RemoteMx : SmtpHop.SubmissionRelay;

        var verdict = SmtpClassifier.Classify(phase, reply, hop);

        Assert.Equal($"{words[2]} {words[3]}", $"{verdict.Outcome} {verdict.Scope}");
        var hint = words.Length > 4 ? int.Parse(words[4], CultureInfo.InvariantCulture) : (int?)null;
        Assert.Equal(hint, (int?)verdict.RetryAfter?.TotalSeconds);
        Assert.False(string.IsNullOrEmpty(family));
    }

    [Fact]
    public void There_are_at_least_120_cases() => Assert.True(Cases().Count >= 120);

    [Fact]
    public void No_refusal_at_a_relay_without_a_word_about_the_recipient_is_the_recipients_fault()
    {
        foreach (var phase in Enum.GetValues<SmtpPhase>())
        {
            for (var code = 400; code < 600; code++)
            {
                var verdict = SmtpClassifier.Classify(phase, SmtpReply.Of(code, "no"), SmtpHop.SubmissionRelay);
                var legal = verdict.Outcome != Outcome.RecipientPermanent || code is 551 or 553 or 556;
                Assert.True(legal, $"{phase} {code} {verdict}");
            }
        }
    }

    [Fact]
    public void A_4xx_is_never_an_end()
    {
        foreach (var phase in Enum.GetValues<SmtpPhase>())
        {
            foreach (var hop in Enum.GetValues<SmtpHop>())
            {
                foreach (
                    var text in (string[])["no such user", "virus", "4.1.1 user unknown", "5.1.1 x", "4.3.4 too big"]
                )
                {
                    var outcome = SmtpClassifier.Classify(phase, SmtpReply.Of(450, text), hop).Outcome;
                    Assert.False(
                        outcome is Outcome.RecipientPermanent or Outcome.MessagePermanent or Outcome.ContentRefused
                    );
                }
            }
        }
    }

    [Fact]
    public void No_answer_after_the_final_dot_is_unknown()
    {
        var lost = new SmtpTransaction
        {
            Accepted = false,
            Phase = SmtpPhase.FinalDot,
            Failure = SmtpFailureKind.Timeout,
            MayHaveBeenAccepted = true,
        };
        Assert.Equal(Outcome.Unknown, SmtpClassifier.Classify(lost, SmtpHop.SubmissionRelay).Outcome);
    }

    [Fact]
    public void A_connection_lost_before_the_dot_blames_the_path()
    {
        var lost = new SmtpTransaction
        {
            Accepted = false,
            Phase = SmtpPhase.Content,
            Failure = SmtpFailureKind.Closed,
        };
        Assert.Equal(Outcome.PathDown, SmtpClassifier.Classify(lost, SmtpHop.SubmissionRelay).Outcome);
    }
}
