using Gateway.Mail;
using Gateway.Providers;
using Gateway.Providers.Mailgun;
using Gateway.Providers.SendGrid;
using ProviderEmulators;
using ProviderEmulators.Faults;
using ProviderEmulators.Mailgun;
using ProviderEmulators.SendGrid;

namespace Gateway.Tests.Providers;

/// <summary>Asking an account without mail: good while it is well, down while it is not, and nothing is ever sent.</summary>
public sealed class ProbeTests
{
    [Theory]
    [InlineData(SendGridTransport.ApiAndSmtp)]
    [InlineData(SendGridTransport.Smtp)]
    public async Task SendGrid(SendGridTransport transport)
    {
        await using var emulator = await SendGridEmulator.StartAsync(new EmulatorPorts());
        var options = TestAccounts.Options(emulator);
        options.Transport = transport;
        await using (var provider = TestAccounts.Create(options))
        {
            await CheckAsync(emulator, provider);
        }

        options.ApiKey = "SG.wrong";
        await using var wrong = TestAccounts.Create(options);
        Assert.Equal(Outcome.PathDown, (await wrong.ProbeAsync(default)).Outcome);
    }

    [Theory]
    [InlineData(MailgunTransport.Api, null)]
    [InlineData(MailgunTransport.Api, "mg.example.com")]
    [InlineData(MailgunTransport.Smtp, null)]
    public async Task Mailgun(MailgunTransport transport, string? domain)
    {
        await using var emulator = await MailgunEmulator.StartAsync(new EmulatorPorts());
        var options = TestAccounts.Options(emulator);
        (options.Transport, options.Domain) = (transport, domain);
        await using (var provider = TestAccounts.Create(options))
        {
            await CheckAsync(emulator, provider);
        }

        (options.ApiKey, options.SmtpSecret) = ("wrong", "wrong");
        await using var wrong = TestAccounts.Create(options);
        Assert.Equal(Outcome.PathDown, (await wrong.ProbeAsync(default)).Outcome);
    }

    [Fact]
    public async Task A_domain_that_may_not_send_is_down()
    {
        await using var emulator = await MailgunEmulator.StartAsync(new EmulatorPorts());
        emulator.UnverifiedDomains.Add("mg.example.com");
        var options = TestAccounts.Options(emulator);
        options.Domain = "mg.example.com";
        await using var provider = TestAccounts.Create(options);
        var result = await provider.ProbeAsync(default);
        Assert.Equal((Outcome.PathDown, OutcomeScope.Account), (result.Outcome, result.Scope));
    }

    private static async Task CheckAsync(EmulatedProvider emulator, IProvider provider)
    {
        Assert.Equal(Outcome.Accepted, (await provider.ProbeAsync(default)).Outcome);
        emulator.Faults.Add(
            new Fault
            {
                At = FaultStep.Answer,
                Status = 503,
                Body = "<html/>",
            }
        );
        emulator.Faults.Add(new Fault { At = FaultStep.Auth, Body = "535 5.7.8 no" });
        Assert.Equal(Outcome.PathDown, (await provider.ProbeAsync(default)).Outcome);
        emulator.Faults.Clear();
        Assert.Equal(Outcome.Accepted, (await provider.ProbeAsync(default)).Outcome);
        Assert.Empty(emulator.Store.Mails);
    }
}
