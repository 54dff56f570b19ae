using ProviderEmulators.Faults;

namespace ProviderEmulators.Smtp;

/// <summary>An ordinary authenticated relay.</summary>
public sealed class RelayEmulator : EmulatedProvider
{
    public const string User = "relay-user";
    public const string Secret = "relay-secret";

    private readonly SmtpEmulator smtp;

    public RelayEmulator(EmulatorPorts ports)
    {
        smtp = new SmtpEmulator(
            ports,
            Faults,
            new SmtpRules
            {
                Greeting = "relay.emulator ESMTP",
                Login = (User, Secret),
                Extensions = ["PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 10485760", "ENHANCEDSTATUSCODES"],
                MaxSize = 10_485_760,
                OnMail = from => IsVerified(from) ? null : "553 5.7.1 Sender address rejected: not owned by user",
                OnRecipient = to => Store.IsSuppressed(to) ? "550 5.1.1 No such user here" : null,
                OnMessage = Take,
            }
        );
        SmtpPort = smtp.Port;
    }

    public override string Name => "relay";

    public override IReadOnlyDictionary<string, Fault> Scenarios => CommonScenarios.Smtp;

    public override ValueTask DisposeAsync() => smtp.DisposeAsync();

    private (string, Action?) Take(SmtpMail mail)
    {
        var id = Guid.NewGuid().ToString("N")[..12].ToUpperInvariant();
        var kept = new KeptMail
        {
            Id = id,
            Transport = "smtp",
            At = DateTimeOffset.UtcNow,
            MailFrom = mail.From,
            Recipients = mail.Recipients,
            Content = System.Text.Encoding.UTF8.GetString(mail.Content),
        };
        return ($"250 2.0.0 Ok: queued as {id}", () => Store.Keep(kept));
    }
}
