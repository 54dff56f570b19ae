using Microsoft.Extensions.Configuration;
using ProviderEmulators;
using ProviderEmulators.Control;
using ProviderEmulators.Events;
using ProviderEmulators.Mailgun;
using ProviderEmulators.SendGrid;
using ProviderEmulators.Smtp;

// --control 9900 --tls false --sendgrid 9901 --sendgridSmtp 9902 ...; without a port, a free one is taken.
var settings = new ConfigurationBuilder().AddEnvironmentVariables("EMULATORS_").AddCommandLine(args).Build();
await using var sendGrid = await SendGridEmulator.StartAsync(EmulatorPorts.Read(settings, "sendgrid"));
await using var mailgun = await MailgunEmulator.StartAsync(EmulatorPorts.Read(settings, "mailgun"));
await using var relay = new RelayEmulator(EmulatorPorts.Read(settings, "relay"));
using var sendGridEvents = new SendGridWriter(settings["sendgridEventsKey"]);
using var sns = new SnsWriter();
using var teller = new EventTeller(
    sendGridEvents,
    new MailgunWriter { SigningKey = MailgunWriter.EmulatedKey },
    sns,
    [sendGrid.Store, mailgun.Store, relay.Store]
);
var port = settings.GetValue("control", 0);
await using var control = await ControlApi.StartAsync(port, teller, sendGrid, mailgun, relay);
Console.WriteLine(
    $"""
    control   {control.Address}
    sendgrid  {sendGrid.Api} smtp localhost:{sendGrid.SmtpPort} key {SendGridEmulator.ApiKey}
    mailgun   {mailgun.Api} smtp localhost:{mailgun.SmtpPort} key {MailgunEmulator.ApiKey}
    relay     smtp localhost:{relay.SmtpPort} user {RelayEmulator.User} secret {RelayEmulator.Secret}
    events    sendgrid EventsPublicKey {sendGridEvents.PublicKey}
              mailgun EventsSigningKey {MailgunWriter.EmulatedKey}
              postmark EventsUser {PostmarkWriter.User} EventsPassword {PostmarkWriter.Password}
              ses EventsTopics {SnsWriter.Topic}
    certificate sha256 {EmulatorCertificate.Sha256}
    """
);
await control.WaitAsync();
