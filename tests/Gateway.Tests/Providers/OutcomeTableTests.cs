using System.Text.Json;
using Gateway.Mail;
using Gateway.Mail.Smtp;
using Gateway.Providers.Http;
using Gateway.Providers.Mailgun;
using Gateway.Providers.SendGrid;
using Gateway.Tests.AppHost;

namespace Gateway.Tests.Providers;

/// <summary>The files of tests/Corpus/outcomes: what each answer of each provider means.</summary>
public sealed class OutcomeTableTests
{
    /// <summary>What the cases' hints count from.</summary>
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_767_225_600);

    public static TheoryData<string> SendGridCases => Names("sendgrid");

    public static TheoryData<string> MailgunCases => Names("mailgun");

    public static TheoryData<string> SmtpCases => Names("smtp");

    [Theory]
    [MemberData(nameof(SendGridCases))]
    public void An_answer_of_SendGrid_means(string name)
    {
        var expected = Case("sendgrid", name);
        Compare(expected, SendGridOutcomes.Classify(expected.Answer, Now));
    }

    [Theory]
    [MemberData(nameof(MailgunCases))]
    public void An_answer_of_Mailgun_means(string name)
    {
        var expected = Case("mailgun", name);
        Compare(expected, MailgunOutcomes.Classify(expected.Answer, Now));
    }

    [Theory]
    [MemberData(nameof(SmtpCases))]
    public void A_reply_of_a_relay_means(string name)
    {
        var expected = Case("smtp", name);
        Assert.True(SmtpReply.TryParse(expected.Reply, out var reply));
        var verdict = SmtpClassifier.Classify(Enum.Parse<SmtpPhase>(expected.Phase), reply, SmtpHop.SubmissionRelay);
        Compare(
            expected,
            new HttpVerdict(verdict.Outcome, verdict.Scope, verdict.Rule) { RetryAfter = verdict.RetryAfter }
        );
    }

    [Fact]
    public void No_number_alone_ever_ends_a_recipient()
    {
        for (var status = 100; status < 1000; status++)
        {
            foreach (var body in (string[])["", "{}", "no", "<html>no such user</html>"])
            {
                var answer = new HttpAnswer(status, new Dictionary<string, string>(), body);
                Assert.NotEqual(Outcome.RecipientPermanent, SendGridOutcomes.Classify(answer, Now).Outcome);
                Assert.NotEqual(Outcome.RecipientPermanent, MailgunOutcomes.Classify(answer, Now).Outcome);
            }
        }
    }

    [Fact]
    public void Only_400_413_and_422_can_be_a_messages_fault()
    {
        for (var status = 100; status < 1000; status++)
        {
            var answer = new HttpAnswer(status, new Dictionary<string, string>(), """{"message":"x"}""");
            foreach (
                var verdict in (HttpVerdict[])
                    [SendGridOutcomes.Classify(answer, Now), MailgunOutcomes.Classify(answer, Now)]
            )
            {
                Assert.Equal(status is 400 or 413 or 422, verdict.Outcome == Outcome.MessagePermanent);
            }
        }
    }

    private static void Compare(OutcomeCase expected, HttpVerdict verdict)
    {
        Assert.Equal(
            $"{expected.Outcome} {expected.Scope}",
            $"{(expected.Outcome is null ? null : verdict.Outcome)} {(expected.Scope is null ? null : verdict.Scope)}"
        );
        Assert.Equal(expected.RetryAfter, verdict.RetryAfter?.TotalSeconds);
        Assert.Equal(expected.ProviderId, verdict.ProviderId);
        if (expected.Unknown is { } isUnknown && expected.Phase.Length == 0)
        {
            Assert.Equal(isUnknown, verdict.UnknownText is not null);
        }
        else if (expected.Unknown == true)
        {
            Assert.Equal("code/message", verdict.Rule);
        }
    }

    private static TheoryData<string> Names(string file) => [.. Read(file).Select(c => c.Name)];

    private static OutcomeCase Case(string file, string name) => Read(file).Single(c => c.Name == name);

    private static OutcomeCase[] Read(string file) =>
        JsonSerializer.Deserialize<OutcomeCase[]>(
            File.ReadAllText(Path.Combine(RepositoryRoot.Path, "tests", "Corpus", "outcomes", file + ".json")),
            JsonSerializerOptions.Web
        )!;

    private sealed record OutcomeCase(string Name, int Status, JsonElement Body)
    {
        public string Phase { get; init; } = "";
        public string Reply { get; init; } = "";
        public Dictionary<string, string> Headers { get; init; } = [];
        public string? Outcome { get; init; }
        public string? Scope { get; init; }
        public double? RetryAfter { get; init; }
        public string? ProviderId { get; init; }
        public bool? Unknown { get; init; }

        public HttpAnswer Answer =>
            new(
                Status,
                new Dictionary<string, string>(Headers, StringComparer.OrdinalIgnoreCase),
                Body.ValueKind == JsonValueKind.String ? Body.GetString()! : Body.GetRawText()
            );
    }
}
