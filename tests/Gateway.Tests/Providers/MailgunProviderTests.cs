using Gateway.Mail;
using Gateway.Providers;
using Gateway.Providers.Mailgun;
using ProviderEmulators;
using ProviderEmulators.Faults;
using ProviderEmulators.Mailgun;

namespace Gateway.Tests.Providers;

public sealed class MailgunProviderTests : IAsyncLifetime
{
    private MailgunEmulator emulator = null!;

    public async ValueTask InitializeAsync() => emulator = await MailgunEmulator.StartAsync(new EmulatorPorts());

    public ValueTask DisposeAsync() => emulator.DisposeAsync();

    [Theory]
    [InlineData(MailgunTransport.Api, "http")]
    [InlineData(MailgunTransport.Smtp, "smtp")]
    public async Task A_message_goes_byte_by_byte_with_our_ids_and_all_tracking_off(
        MailgunTransport transport,
        string way
    )
    {
        const string body = ".\r\n..two\r\nGrüße\r\n--boundary\r\nend without line end";
        var mail = TestMail.Of(body: body, needs: MailNeeds.Raw);
        var result = await SendAsync(mail, o => o.Transport = transport);

        var kept = Assert.Single(emulator.Store.Mails);
        Assert.Equal((Outcome.Accepted, "m1@example.com", way), (result.Outcome, result.ProviderId, kept.Transport));
        Assert.Equal(kept.Id, result.ProviderId);
        Assert.EndsWith(TestMail.Headers + "\r\n" + body, kept.Content.TrimEnd('\r', '\n'), StringComparison.Ordinal);
        Assert.Equal([TestMail.Recipient], kept.Recipients);
        Assert.Equal(mail.DeliveryId.ToString(), kept.Variables["gw_id"]);
        Assert.Equal(mail.MessageId.ToString(), kept.Variables["gw_message"]);
        Assert.Equal($"{mail.DeliveryId}-3", kept.Variables["gw_attempt"]);
        Assert.Equal(3, kept.Options.Count);
        Assert.All(kept.Options, o => Assert.Equal("no", o.Value));
        Assert.DoesNotContain(mail.TenantId.ToString(), kept.Content, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("To: bob@example.net, eve@example.net")]
    [InlineData("To: undisclosed-recipients:;")]
    public async Task The_envelope_is_its_own(string to)
    {
        await SendAsync(
            TestMail.Of(TestMail.Headers.Replace("To: Ann <ann@example.net>", to, StringComparison.Ordinal))
        );
        var kept = Assert.Single(emulator.Store.Mails);
        Assert.Equal([TestMail.Recipient], kept.Recipients);
        Assert.Contains(to, kept.Content, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(MailgunTransport.Api)]
    [InlineData(MailgunTransport.Smtp)]
    public async Task A_tenants_own_control_fields_steer_nothing(MailgunTransport transport)
    {
        const string own =
            "X-Mailgun-Variables: {\"gw_id\":\"forged\"}\r\nx-mailgun-track: yes\r\nX-Mailgun-Deliver-By: Fri, 01 Jan 2100 00:00:00 +0000\r\n"
            + "X-Mailgun-Drop-Message: yes\r\nX-Gw-Message-Id: forged\r\n";
        var mail = TestMail.Of(TestMail.Headers + own);
        await SendAsync(mail, o => o.Transport = transport);
        var kept = Assert.Single(emulator.Store.Mails);
        Assert.DoesNotContain("forged", kept.Content, StringComparison.Ordinal);
        Assert.DoesNotContain("Drop-Message", kept.Content, StringComparison.Ordinal);
        Assert.Equal(mail.DeliveryId.ToString(), kept.Variables["gw_id"]);
    }

    [Fact]
    public async Task Without_a_domain_of_its_own_the_path_sends_over_that_of_the_From_and_no_Sender_is_added()
    {
        emulator.VerifiedDomains.Add("example.com");
        await SendAsync(TestMail.Of());
        Assert.DoesNotContain("Sender:", Assert.Single(emulator.Store.Mails).Content, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "Sender: sender@example.com")]
    [InlineData(false, "Sender: sender=example.com@mg.example.org")]
    public async Task Over_another_domain_the_Sender_is_the_From(bool follows, string sender)
    {
        emulator.VerifiedDomains.Add("mg.example.org");
        await SendAsync(
            TestMail.Of(),
            o =>
            {
                o.Domain = "mg.example.org";
                o.SenderFollowsFrom = follows;
            }
        );
        Assert.Contains(sender, Assert.Single(emulator.Store.Mails).Content, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_a_path_with_one_domain_its_domain_is_the_account()
    {
        emulator.VerifiedDomains.Add("other.example");
        var shared = await SendAsync(TestMail.Of(), o => o.Domain = "mg.example.org");
        var own = await SendAsync(TestMail.Of());
        Assert.Equal((Outcome.PathDown, OutcomeScope.Account), (shared.Outcome, shared.Scope));
        Assert.Equal((Outcome.PathDown, OutcomeScope.Identity), (own.Outcome, own.Scope));
    }

    [Theory]
    [InlineData("sender@[192.0.2.1]")]
    [InlineData("sender@localhost")]
    public async Task A_From_that_is_no_sending_domain_asks_nobody(string from)
    {
        var result = await SendAsync(
            TestMail.Of(TestMail.Headers.Replace("sender@example.com", from, StringComparison.Ordinal))
        );
        Assert.Equal((Outcome.PathDown, OutcomeScope.Identity), (result.Outcome, result.Scope));
        Assert.Empty(emulator.Store.Mails);
    }

    [Fact]
    public async Task An_international_address_is_for_another_path()
    {
        var result = await SendAsync(TestMail.Of(recipient: "jörg@example.net"));
        Assert.Equal((Outcome.PathDown, OutcomeScope.Message), (result.Outcome, result.Scope));
    }

    [Fact]
    public async Task A_rate_told_over_SMTP_is_a_rate()
    {
        emulator.Faults.Add(
            new Fault
            {
                At = FaultStep.Answer,
                Body =
                    "451 Domain example.com is not allowed to send: request limit exceeded, try again after 90 seconds",
            }
        );
        var result = await SendAsync(TestMail.Of(), o => o.Transport = MailgunTransport.Smtp);
        Assert.Equal((Outcome.PathThrottled, TimeSpan.FromSeconds(90)), (result.Outcome, result.RetryAfter));
    }

    [Fact]
    public async Task The_fate_of_a_lost_answer_is_found_among_the_recipients_events()
    {
        await using var provider = TestAccounts.Create(TestAccounts.Options(emulator));
        for (var i = 0; i < 60; i++)
        {
            // Others to the same recipient, over more than one page.
            await provider.SendAsync(TestMail.Of(), CancellationToken.None);
        }

        emulator.Faults.Add(
            new Fault
            {
                At = FaultStep.Answer,
                Do = FaultAct.Reset,
                Take = true,
                Times = 1,
            }
        );
        var mail = TestMail.Of();
        Assert.Equal(Outcome.Unknown, (await provider.SendAsync(mail, CancellationToken.None)).Outcome);

        var taken = await LookUpAsync(provider, mail, mail.Attempt, TimeSpan.FromMinutes(1));
        Assert.Equal((LookUpAnswer.Taken, "m1@example.com"), (taken.Answer, taken.ProviderId));
        Assert.Equal(LookUpAnswer.NotYet, (await LookUpAsync(provider, mail, 9, TimeSpan.FromMinutes(1))).Answer);
        Assert.Equal(LookUpAnswer.Absent, (await LookUpAsync(provider, mail, 9, TimeSpan.FromHours(1))).Answer);
    }

    [Fact]
    public async Task A_next_page_elsewhere_is_not_visited()
    {
        emulator.Faults.Add(
            new Fault
            {
                At = FaultStep.Answer,
                Status = 200,
                Body =
                    """{"items":[{"event":"accepted"}],"paging":{"next":"https://evil.example/v3/example.com/events/x"}}""",
            }
        );
        await using var provider = TestAccounts.Create(TestAccounts.Options(emulator));
        Assert.Equal(LookUpAnswer.CannotTell, (await LookUpAsync(provider, TestMail.Of(), 1, TimeSpan.Zero)).Answer);
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

    private async Task<SendResult> SendAsync(OutboundMail mail, Action<MailgunOptions>? change = null)
    {
        var options = TestAccounts.Options(emulator);
        change?.Invoke(options);
        await using var provider = TestAccounts.Create(options);
        return await provider.SendAsync(mail, CancellationToken.None);
    }
}
