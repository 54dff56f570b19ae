using System.Net;
using Gateway.Mail.Smtp;
using Gateway.Net;
using Gateway.Providers;
using Gateway.Providers.Mailgun;
using Gateway.Providers.SendGrid;
using Gateway.Providers.Smtp;
using ProviderEmulators;
using ProviderEmulators.Mailgun;
using ProviderEmulators.SendGrid;
using ProviderEmulators.Smtp;

namespace Gateway.Tests.Providers;

/// <summary>Accounts at emulated providers, as an operator would configure them.</summary>
internal static class TestAccounts
{
    public static GuardedConnector Anywhere { get; } = new(AddressPolicy.Anywhere);

    public static SendGridOptions Options(SendGridEmulator at) =>
        new()
        {
            ApiKey = SendGridEmulator.ApiKey,
            BaseUrl = at.Api!.ToString(),
            CertificateSha256 = EmulatorCertificate.Sha256,
            SmtpHost = "127.0.0.1",
            SmtpPort = at.SmtpPort,
            SmtpTimeouts = SmtpTimeouts.All(TimeSpan.FromSeconds(15)),
        };

    public static MailgunOptions Options(MailgunEmulator at) =>
        new()
        {
            ApiKey = MailgunEmulator.ApiKey,
            BaseUrl = at.Api!.ToString(),
            CertificateSha256 = EmulatorCertificate.Sha256,
            SmtpHost = "127.0.0.1",
            SmtpPort = at.SmtpPort,
            SmtpUser = MailgunEmulator.SmtpUser,
            SmtpSecret = MailgunEmulator.SmtpSecret,
            SmtpTimeouts = SmtpTimeouts.All(TimeSpan.FromSeconds(15)),
        };

    public static SmtpRelayOptions Options(RelayEmulator at) =>
        new()
        {
            Host = "127.0.0.1",
            Port = at.SmtpPort,
            User = RelayEmulator.User,
            Secret = RelayEmulator.Secret,
            CertificateSha256 = EmulatorCertificate.Sha256,
            Timeouts = SmtpTimeouts.All(TimeSpan.FromSeconds(15)),
        };

    public static IProvider Create(SendGridOptions options, GuardedConnector? connector = null) =>
        new SendGridProvider(options, TimeProvider.System, connector ?? Anywhere);

    public static IProvider Create(MailgunOptions options, GuardedConnector? connector = null) =>
        new MailgunProvider(options, TimeProvider.System, connector ?? Anywhere);

    public static IProvider Create(SmtpRelayOptions options, GuardedConnector? connector = null) =>
        new SmtpRelayProvider(options, TimeProvider.System, connector);

    /// <summary>Every name is at this address.</summary>
    public static Func<string, CancellationToken, Task<IPAddress[]>> Resolving(params IPAddress[] to) =>
        (_, _) => Task.FromResult(to);
}
