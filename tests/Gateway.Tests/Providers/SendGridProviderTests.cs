using System.Text.Json;
using Gateway.Mail;
using Gateway.Providers;
using Gateway.Providers.SendGrid;
using ProviderEmulators;
using ProviderEmulators.Faults;
using ProviderEmulators.SendGrid;

namespace Gateway.Tests.Providers;

public sealed class SendGridProviderTests : IAsyncLifetime
{
    private SendGridEmulator emulator = null!;

    public async ValueTask InitializeAsync() => emulator = await SendGridEmulator.StartAsync(new EmulatorPorts());

    public ValueTask DisposeAsync() => emulator.DisposeAsync();

    [Fact]
    public async Task A_simple_message_goes_as_JSON_with_our_ids_and_all_tracking_off()
    {
        var mail = TestMail.Of();
        var result = await SendAsync(mail);

        var kept = Assert.Single(emulator.Store.Mails);
        Assert.Equal((Outcome.Accepted, kept.Id, "http"), (result.Outcome, result.ProviderId, kept.Transport));
        Assert.Equal(mail.DeliveryId.ToString(), kept.Variables["gw_id"]);
        Assert.Equal(mail.MessageId.ToString(), kept.Variables["gw_message"]);
        Assert.Equal($"{mail.DeliveryId}-3", kept.Variables["gw_attempt"]);
        Assert.Equal(3, kept.Variables.Count);

        using var json = JsonDocument.Parse(kept.Content);
        var root = json.RootElement;
        foreach (
            var setting in root.GetProperty("tracking_settings")
                .EnumerateObject()
                .Concat(root.GetProperty("mail_settings").EnumerateObject())
        )
        {
            Assert.False(setting.Value.GetProperty("enable").GetBoolean());
        }

        Assert.Equal("Hello\r\n", root.GetProperty("content")[0].GetProperty("value").GetString());
        Assert.Equal("<m1@example.com>", root.GetProperty("headers").GetProperty("Message-ID").GetString());
        Assert.DoesNotContain(mail.TenantId.ToString(), kept.Content, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Texts_files_and_names_arrive_as_they_were()
    {
        const string headers =
            "From: =?utf-8?q?J=C3=B6rg?= <sender@example.com>\r\nTo: \"Ann, B\" <ann@example.net>\r\n"
            + "Reply-To: one@example.com, Two <two@example.com>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
            + "List-Unsubscribe: <https://u.example.com/x>\r\nMIME-Version: 1.0\r\n"
            + "Content-Type: multipart/mixed; boundary=a\r\n";
        const string body =
            "--a\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGrüße\r\n"
            + "--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Grüße</p>\r\n--b--\r\n"
            + "--a\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n"
            + "Content-Disposition: attachment; filename=a.pdf\r\n\r\nQkFTRTY0\r\n--a--\r\n";
        await SendAsync(TestMail.Of(headers, body));

        using var json = JsonDocument.Parse(Assert.Single(emulator.Store.Mails).Content);
        var root = json.RootElement;
        Assert.Equal("Jörg", root.GetProperty("from").GetProperty("name").GetString());
        Assert.Equal(
            "Ann, B",
            root.GetProperty("personalizations")[0].GetProperty("to")[0].GetProperty("name").GetString()
        );
        Assert.Equal(2, root.GetProperty("reply_to_list").GetArrayLength());
        Assert.Equal("Grüße", root.GetProperty("subject").GetString());
        Assert.Equal(
            ["Grüße", "<p>Grüße</p>"],
            root.GetProperty("content").EnumerateArray().Select(c => c.GetProperty("value").GetString()!.TrimEnd())
        );
        var file = root.GetProperty("attachments")[0];
        Assert.Equal(
            ("a.pdf", "QkFTRTY0", "application/pdf"),
            (
                file.GetProperty("filename").GetString(),
                file.GetProperty("content").GetString(),
                file.GetProperty("type").GetString()
            )
        );
        Assert.Equal(
            "<https://u.example.com/x>",
            root.GetProperty("headers").GetProperty("List-Unsubscribe").GetString()
        );
    }

    public static TheoryData<string, string, string> OnlyRaw =>
        new()
        {
            {
                "a second recipient is shown",
                TestMail.Headers.Replace(
                    "To: Ann <ann@example.net>",
                    "To: ann@example.net, bob@example.net",
                    StringComparison.Ordinal
                ),
                "x\r\n"
            },
            {
                "the recipient is hidden",
                TestMail.Headers.Replace(
                    "To: Ann <ann@example.net>",
                    "To: undisclosed-recipients:;",
                    StringComparison.Ordinal
                ),
                "x\r\n"
            },
            { "somebody is in Cc", TestMail.Headers + "Cc: bob@example.net\r\n", "x\r\n" },
            {
                "To is another",
                TestMail.Headers.Replace("ann@example.net", "bob@example.net", StringComparison.Ordinal),
                "x\r\n"
            },
            {
                "it invites",
                TestMail.Headers.Replace(
                    "text/plain; charset=utf-8",
                    "multipart/alternative; boundary=a",
                    StringComparison.Ordinal
                ),
                "--a\r\nContent-Type: text/plain\r\n\r\nx\r\n--a\r\nContent-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\n--a--\r\n"
            },
            {
                "it is signed",
                TestMail.Headers.Replace(
                    "text/plain; charset=utf-8",
                    "multipart/signed; boundary=a",
                    StringComparison.Ordinal
                ),
                "--a\r\nContent-Type: text/plain\r\n\r\nx\r\n--a\r\nContent-Type: application/pkcs7-signature\r\n\r\nx\r\n--a--\r\n"
            },
            { "a field stands twice", TestMail.Headers + "X-One: 1\r\nX-One: 2\r\n", "x\r\n" },
            { "it has a Sender", TestMail.Headers + "Sender: other@example.com\r\n", "x\r\n" },
            { "it has no subject", TestMail.Headers.Replace("Subject: Hi\r\n", "", StringComparison.Ordinal), "x\r\n" },
            {
                "an attached text would lose its charset",
                TestMail.Headers.Replace(
                    "text/plain; charset=utf-8",
                    "multipart/mixed; boundary=a",
                    StringComparison.Ordinal
                ),
                "--a\r\nContent-Type: text/plain\r\n\r\nx\r\n--a\r\nContent-Type: text/csv; charset=iso-8859-1\r\nContent-Disposition: attachment; filename=a.csv\r\n\r\nx\r\n--a--\r\n"
            },
        };

    [Theory]
    [MemberData(nameof(OnlyRaw))]
    public async Task What_JSON_would_change_goes_by_SMTP_byte_by_byte(string why, string headers, string body)
    {
        var mail = TestMail.Of(headers, body);
        var result = await SendAsync(mail);

        Assert.True(result.Outcome == Outcome.Accepted, $"{why}: {result}");
        var kept = Assert.Single(emulator.Store.Mails);
        Assert.Equal(("smtp", kept.Id), (kept.Transport, result.ProviderId));
        Assert.EndsWith(headers + "\r\n" + body, kept.Content, StringComparison.Ordinal);
        Assert.Equal([TestMail.Recipient], kept.Recipients);
        Assert.Equal(mail.DeliveryId.ToString(), kept.Variables["gw_id"]);
        Assert.Equal(["off"], kept.Options.Values.Distinct());
        Assert.Empty(((string[])["clicktrack", "opentrack", "subscriptiontrack"]).Except(kept.Options.Keys));
    }

    [Fact]
    public async Task Whoever_does_not_say_what_a_message_needs_keeps_its_bytes()
    {
        var unsaid = new OutboundMail
        {
            TenantId = Guid.Empty,
            MessageId = Guid.NewGuid(),
            DeliveryId = Guid.NewGuid(),
            Attempt = 1,
            MailFrom = "sender@example.com",
            Recipient = TestMail.Recipient,
            Content = TestMail.Of().Content,
        };
        await SendAsync(unsaid);
        Assert.Equal("smtp", Assert.Single(emulator.Store.Mails).Transport);
    }

    [Fact]
    public async Task A_tenants_own_control_field_steers_nothing()
    {
        var headers =
            TestMail.Headers
            + "X-SMTPAPI: {\"to\":[\"victim@example.org\"]}\r\nx-smtpapi: {}\r\nX-Gw-Message-Id: forged\r\n";
        await SendAsync(TestMail.Of(headers, needs: MailNeeds.Raw));
        await SendAsync(TestMail.Of(headers));

        Assert.Equal(2, emulator.Store.Mails.Count);
        Assert.All(
            emulator.Store.Mails,
            kept =>
            {
                Assert.DoesNotContain("victim", kept.Content, StringComparison.Ordinal);
                Assert.DoesNotContain("forged", kept.Content, StringComparison.Ordinal);
            }
        );
    }

    [Fact]
    public async Task A_path_of_one_transport_says_what_it_cannot_carry_and_blames_nobody_else()
    {
        var options = TestAccounts.Options(emulator);
        options.Transport = SendGridTransport.Api;
        await using var provider = TestAccounts.Create(options);
        Assert.NotNull(provider.Capabilities.WhyNot(MailNeeds.Raw, 1));
        Assert.NotNull(provider.Capabilities.WhyNot(MailNeeds.IndependentEnvelope, 1));
        Assert.Null(provider.Capabilities.WhyNot(MailNeeds.None, 1));

        var result = await provider.SendAsync(TestMail.Of(needs: MailNeeds.Raw), CancellationToken.None);
        Assert.Equal((Outcome.PathDown, OutcomeScope.Message), (result.Outcome, result.Scope));
        Assert.Empty(emulator.Store.Mails);
    }

    [Fact]
    public async Task The_key_never_comes_back_in_a_result()
    {
        emulator.Faults.Add(
            new Fault
            {
                At = FaultStep.Answer,
                Status = 401,
                Body = $"no such key: {SendGridEmulator.ApiKey}",
            }
        );
        emulator.Faults.Add(
            new Fault { At = FaultStep.Auth, Body = $"535 no such password: {SendGridEmulator.ApiKey}" }
        );
        foreach (var needs in (MailNeeds[])[MailNeeds.None, MailNeeds.Raw])
        {
            var result = await SendAsync(TestMail.Of(needs: needs));
            Assert.Equal(Outcome.PathDown, result.Outcome);
            Assert.DoesNotContain(SendGridEmulator.ApiKey, result.ToString(), StringComparison.Ordinal);
            Assert.Contains("***", result.Reply, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Connections_are_kept_and_reused()
    {
        await using var provider = TestAccounts.Create(TestAccounts.Options(emulator));
        Assert.Equal(Outcome.Accepted, (await provider.SendAsync(TestMail.Of(), CancellationToken.None)).Outcome);
        // Whoever connects anew now fails.
        emulator.Faults.Add(new Fault { At = FaultStep.Connect, Do = FaultAct.Reset });
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(Outcome.Accepted, (await provider.SendAsync(TestMail.Of(), CancellationToken.None)).Outcome);
        }
    }

    [Fact]
    public async Task The_fate_of_a_lost_answer_is_asked_for_by_our_own_attempt()
    {
        emulator.Faults.Add(
            new Fault
            {
                At = FaultStep.Answer,
                Do = FaultAct.Reset,
                Take = true,
                Times = 1,
            }
        );
        var options = TestAccounts.Options(emulator);
        options.ActivityLookup = true;
        await using var provider = TestAccounts.Create(options);
        var mail = TestMail.Of();
        Assert.Equal(Outcome.Unknown, (await provider.SendAsync(mail, CancellationToken.None)).Outcome);

        var taken = await LookUpAsync(provider, mail, mail.Attempt, TimeSpan.Zero);
        Assert.Equal((LookUpAnswer.Taken, emulator.Store.Mails[0].Id), (taken.Answer, taken.ProviderId));
        Assert.Equal(LookUpAnswer.NotYet, (await LookUpAsync(provider, mail, 9, TimeSpan.Zero)).Answer);
        Assert.Equal(LookUpAnswer.Absent, (await LookUpAsync(provider, mail, 9, TimeSpan.FromHours(1))).Answer);
    }

    private static Task<LookUp> LookUpAsync(IProvider provider, OutboundMail mail, int attempt, TimeSpan age) =>
        ((ILooksUp)provider).LookUpAsync(
            new SentMail
            {
                DeliveryId = mail.DeliveryId,
                Attempt = attempt,
                Recipient = mail.Recipient,
                FromDomain = "example.com",
                SentAt = DateTimeOffset.UtcNow - age,
            },
            CancellationToken.None
        );

    private async Task<SendResult> SendAsync(OutboundMail mail)
    {
        await using var provider = TestAccounts.Create(TestAccounts.Options(emulator));
        return await provider.SendAsync(mail, CancellationToken.None);
    }
}
