using System.Text;
using System.Text.Json;
using Gateway.Mail.Tests;
using Gateway.Providers.Events;
using Gateway.Tests.AppHost;
using ProviderEmulators.Events;

namespace Gateway.Tests.Inbound;

/// <summary>A19: what is not the provider's, not whole, or too old is not believed.</summary>
public sealed class A19_ForgedEventTests
{
    private const string Message =
        """{"eventType":"Send","mail":{"messageId":"m","timestamp":"2026-01-01T00:00:00.000Z"}}""";

    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;
    private static readonly SendGridWriter SendGrid = new();
    private static readonly MailgunWriter Mailgun = new();
    private static readonly byte[] SendGridBody =
        "[{\"event\":\"delivered\",\"timestamp\":1767225600}]\r\n"u8.ToArray();

    private static readonly EventOptions Options = new()
    {
        EventsPublicKey = SendGrid.PublicKey,
        EventsSigningKey = Mailgun.SigningKey,
        EventsTopics = $"arn:aws:sns:eu-west-1:123456789012:other, {SnsWriter.Topic}",
        EventsUser = PostmarkWriter.User,
        EventsPassword = PostmarkWriter.Password,
    };

    private static EventPost MailgunPost(DateTimeOffset at, bool forged = false) =>
        Mailgun.Sign(new { @event = "delivered", timestamp = 1767225600.5 }, at, MailgunWriter.NewToken(), forged);

    [Fact]
    public async Task The_vectors_of_others_are_genuine_at_their_time_and_each_negative_is_refused()
    {
        using var vectors = JsonDocument.Parse(
            File.ReadAllBytes(Corpora.Path("esp-webhooks", "signature-vectors.json"))
        );
        var sent = vectors.RootElement.GetProperty("sendgrid_event_webhook_ecdsa");
        var options = new EventOptions { EventsPublicKey = sent.GetProperty("public_key").GetString()! };
        var (timestamp, signature, payload) = (
            sent.GetProperty("timestamp_header").GetString()!,
            sent.GetProperty("signature_header").GetString()!,
            sent.GetProperty("payload").GetString()!
        );
        var at = DateTimeOffset.FromUnixTimeSeconds(1600112502);
        Assert.Equal(EventTrust.Genuine, await JudgeAsync(payload, timestamp, signature, at));
        Assert.Equal(EventTrust.Genuine, await JudgeAsync(payload, timestamp, signature, at.AddHours(25)));
        Assert.Equal(EventTrust.Expired, await JudgeAsync(payload, timestamp, signature, at.AddHours(26)));
        Assert.Equal(EventTrust.Expired, await JudgeAsync(payload, timestamp, signature, at.AddHours(-1)));
        Assert.Equal(EventTrust.Forged, await JudgeAsync(payload.TrimEnd(), timestamp, signature, at));
        Assert.Equal(EventTrust.Forged, await JudgeAsync(payload, "1600112503", signature, at));
        Assert.Equal(EventTrust.Forged, await JudgeAsync(payload, timestamp, "", at));
        Assert.Equal(EventTrust.Forged, await JudgeAsync(payload, timestamp, "no base64!", at));

        var hmac = vectors.RootElement.GetProperty("mailgun_hmac");
        var body = JsonSerializer.Serialize(
            new
            {
                signature = new
                {
                    timestamp = hmac.GetProperty("timestamp").GetString(),
                    token = hmac.GetProperty("token").GetString(),
                    signature = hmac.GetProperty("signature").GetString(),
                },
            }
        );
        var key = new EventOptions { EventsSigningKey = hmac.GetProperty("signing_key").GetString()! };
        var read = await VerifyAsync("mailgun", new(Encoding.UTF8.GetBytes(body), NoHeaders), key, At(1461261330));
        Assert.Equal((EventTrust.Genuine, hmac.GetProperty("token").GetString()), (read.Trust, read.Token));
        Assert.Equal(
            EventTrust.Expired,
            (
                await VerifyAsync(
                    "mailgun",
                    new(Encoding.UTF8.GetBytes(body), NoHeaders),
                    key,
                    At(1461261330).AddHours(10)
                )
            ).Trust
        );

        async Task<EventTrust> JudgeAsync(string text, string time, string sign, DateTimeOffset now) =>
            (
                await VerifyAsync(
                    "sendgrid",
                    new EventRequest(
                        Encoding.UTF8.GetBytes(text),
                        new Dictionary<string, string>
                        {
                            ["x-twilio-email-event-webhook-signature"] = sign,
                            ["x-twilio-email-event-webhook-timestamp"] = time,
                        }
                    ),
                    options,
                    now
                )
            ).Trust;
    }

    [Fact]
    public async Task Each_changed_byte_of_a_signed_request_is_refused()
    {
        var post = SendGrid.Sign(SendGridBody, Now);
        Assert.Equal(EventTrust.Genuine, (await VerifyAsync("sendgrid", TestFormats.Request(post))).Trust);
        await EachByteAsync(post.Body, body => VerifyAsync("sendgrid", TestFormats.Request(post, body)));
        foreach (var header in post.Headers.Keys)
        {
            await EachByteAsync(
                Encoding.ASCII.GetBytes(post.Headers[header]),
                value =>
                    VerifyAsync(
                        "sendgrid",
                        TestFormats.Request(
                            post with
                            {
                                Headers = new Dictionary<string, string>(post.Headers)
                                {
                                    [header] = Encoding.Latin1.GetString(value),
                                },
                            }
                        )
                    )
            );
        }

        var sns = TestFormats.Sns.Notify(Message, Now);
        Assert.Equal(EventTrust.Genuine, (await VerifyAsync("ses", TestFormats.Request(sns))).Trust);
        await EachByteAsync(
            sns.Body,
            async body =>
                Means(body, sns.Body)
                    ? EventVerdict.Forged("")
                    : await VerifyAsync("ses", TestFormats.Request(sns, body))
        );

        // Mailgun signs its token and time only: the rest is held by the token's being used once.
        var mailgun = MailgunPost(Now);
        Assert.Equal(EventTrust.Genuine, (await VerifyAsync("mailgun", TestFormats.Request(mailgun))).Trust);
        var end = mailgun.Body.AsSpan().IndexOf("\"event-data\""u8);
        await EachByteAsync(
            mailgun.Body,
            async body =>
                Means(body, mailgun.Body)
                    ? EventVerdict.Forged("")
                    : await VerifyAsync("mailgun", TestFormats.Request(mailgun, body)),
            end
        );

        var postmark = PostmarkWriter.Write("{}");
        Assert.Equal(EventTrust.Genuine, (await VerifyAsync("postmark", TestFormats.Request(postmark))).Trust);
        foreach (
            var (user, password) in new[]
            {
                ("postmarl", PostmarkWriter.Password),
                (PostmarkWriter.User, ""),
                ("", ""),
                (PostmarkWriter.User, PostmarkWriter.Password + "x"),
            }
        )
        {
            Assert.Equal(
                EventTrust.Forged,
                (await VerifyAsync("postmark", TestFormats.Request(PostmarkWriter.Write("{}", user, password)))).Trust
            );
        }
    }

    [Theory]
    [InlineData("sendgrid", 25)]
    [InlineData("mailgun", 9)]
    [InlineData("ses", 1)]
    public async Task What_is_as_old_as_the_provider_repeats_itself_is_believed_and_nothing_older(
        string kind,
        int hours
    )
    {
        Assert.Equal(EventTrust.Genuine, await AgedAsync(TimeSpan.FromHours(hours)));
        Assert.Equal(EventTrust.Expired, await AgedAsync(TimeSpan.FromHours(hours) + TimeSpan.FromMinutes(6)));
        Assert.Equal(EventTrust.Expired, await AgedAsync(-TimeSpan.FromMinutes(6)));

        async Task<EventTrust> AgedAsync(TimeSpan age)
        {
            var post = kind switch
            {
                "sendgrid" => SendGrid.Sign(SendGridBody, Now - age),
                "mailgun" => MailgunPost(Now - age),
                _ => TestFormats.Sns.Notify(Message, Now - age),
            };
            return (await VerifyAsync(kind, TestFormats.Request(post))).Trust;
        }
    }

    [Theory]
    [InlineData("TopicArn", "arn:aws:sns:us-east-1:999999999999:gw")]
    [InlineData("SigningCertURL", "https://sns.evil.example/SimpleNotificationService-0.pem")]
    [InlineData("SigningCertURL", "https://sns.us-east-1.amazonaws.com.evil.example/x.pem")]
    [InlineData("SigningCertURL", "https://sns.us-east-1.amazonaws.com@evil.example/x.pem")]
    [InlineData("SigningCertURL", "https://evil.example/sns.us-east-1.amazonaws.com/x.pem")]
    [InlineData("SigningCertURL", "https://sns.eu-west-1.amazonaws.com/x.pem")]
    [InlineData("SigningCertURL", "http://sns.us-east-1.amazonaws.com/x.pem")]
    [InlineData("SigningCertURL", "https://sns.us-east-1.amazonaws.com:8443/x.pem")]
    [InlineData("SigningCertURL", "https://sns.us-east-1.amazonaws.com/x.txt")]
    [InlineData("SigningCertURL", "https://sns.us-east-1.amazonaws.com/?x.pem")]
    [InlineData("SignatureVersion", "3")]
    [InlineData("SignatureVersion", "1")]
    [InlineData("Timestamp", "yesterday")]
    public async Task Only_Amazons_own_host_and_our_own_topic_speak_for_SNS(string field, string value)
    {
        var post = TestFormats.Sns.Notify(Message, Now, fields => fields[field] = value);
        Assert.Equal(EventTrust.Forged, (await VerifyAsync("ses", TestFormats.Request(post))).Trust);
    }

    [Fact]
    public async Task The_older_signature_of_SNS_is_believed_unless_the_path_wants_the_newer()
    {
        var old = TestFormats.Request(TestFormats.Sns.Notify(Message, Now, version: 1));
        Assert.Equal(EventTrust.Genuine, (await VerifyAsync("ses", old)).Trust);
        var strict = new EventOptions { EventsTopics = SnsWriter.Topic, EventsSignatureVersion = 2 };
        Assert.Equal(EventTrust.Forged, (await VerifyAsync("ses", old, strict)).Trust);
        var subject = TestFormats.Sns.Notify(Message, Now, f => f["Subject"] = "Amazon SES Email Event Notification");
        Assert.Equal(EventTrust.Genuine, (await VerifyAsync("ses", TestFormats.Request(subject), strict)).Trust);
    }

    [Fact]
    public async Task What_another_key_signed_or_nobody_is_forged_and_what_we_cannot_judge_comes_again()
    {
        EventRequest nothing = new("{}"u8.ToArray(), NoHeaders);
        foreach (var kind in TestFormats.All.Kinds)
        {
            Assert.Equal(EventTrust.Forged, (await VerifyAsync(kind, nothing)).Trust);
            Assert.Equal(EventTrust.CannotTell, (await VerifyAsync(kind, nothing, new EventOptions())).Trust);
            Assert.Equal(EventTrust.Forged, (await VerifyAsync(kind, nothing with { Body = default })).Trust);
        }

        Assert.Equal(
            EventTrust.Forged,
            (await VerifyAsync("sendgrid", TestFormats.Request(SendGrid.Sign(SendGridBody, Now, forged: true)))).Trust
        );
        Assert.Equal(
            EventTrust.Forged,
            (await VerifyAsync("mailgun", TestFormats.Request(MailgunPost(Now, forged: true)))).Trust
        );
        var elsewhere = TestFormats.Sns.Notify(
            Message,
            Now,
            f => f["SigningCertURL"] = "https://sns.us-east-1.amazonaws.com/gone.pem"
        );
        Assert.Equal(EventTrust.CannotTell, (await VerifyAsync("ses", TestFormats.Request(elsewhere))).Trust);
    }

    /// <summary>How long a comparison takes says nothing of where it failed: it is the library's, over all bytes.</summary>
    [Fact]
    public void Secrets_are_compared_in_fixed_time()
    {
        string[] files = ["Mailgun/MailgunWebhook.cs", "Postmark/PostmarkEvents.cs"];
        foreach (var file in files)
        {
            var text = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "Gateway", "Providers", file));
            Assert.Contains("CryptographicOperations.FixedTimeEquals(", text, StringComparison.Ordinal);
            Assert.DoesNotContain("SequenceEqual(", text, StringComparison.Ordinal);
        }
    }

    private static readonly Dictionary<string, string> NoHeaders = [];

    private static DateTimeOffset At(long seconds) => DateTimeOffset.FromUnixTimeSeconds(seconds);

    private static async Task<EventVerdict> VerifyAsync(
        string kind,
        EventRequest request,
        EventOptions? options = null,
        DateTimeOffset? now = null
    ) => await TestFormats.All.Find(kind)!.VerifyAsync(request, options ?? Options, now ?? Now, CancellationToken.None);

    private static async Task EachByteAsync(byte[] bytes, Func<byte[], Task<EventVerdict>> verify, int? upto = null)
    {
        for (var i = 0; i < (upto ?? bytes.Length); i++)
        {
            var changed = (byte[])bytes.Clone();
            changed[i] ^= 1;
            Assert.True(
                (await verify(changed)).Trust != EventTrust.Genuine,
                $"byte {i} of {Encoding.Latin1.GetString(bytes)}"
            );
        }
    }

    /// <summary>Another way to write the same JSON, such as another letter case of an escape, is no change.</summary>
    private static bool Means(byte[] body, byte[] original)
    {
        try
        {
            using var one = JsonDocument.Parse(body);
            using var other = JsonDocument.Parse(original);
            return JsonElement.DeepEquals(one.RootElement, other.RootElement);
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
