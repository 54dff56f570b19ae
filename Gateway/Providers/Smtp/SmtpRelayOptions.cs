using Gateway.Mail.Smtp;
using Gateway.Net;

namespace Gateway.Providers.Smtp;

/// <summary>A relay as the configuration names it, under <c>Gateway:Paths:&lt;name&gt;</c>.</summary>
public sealed class SmtpRelayOptions : IProviderOptions
{
    public string Host { get; set; } = "";

    /// <summary>587 with STARTTLS, 465 with implicit TLS, 25 else.</summary>
    public int? Port { get; set; }
    public SmtpTls Tls { get; set; } = SmtpTls.StartTls;

    /// <summary>Our name in EHLO.</summary>
    public string HelloName { get; set; } = "localhost";
    public string? User { get; set; }
    public string? Secret { get; set; }

    /// <summary>SHA-256 of the one certificate that is good, in hex; else the chain and the name are verified.</summary>
    public string? CertificateSha256 { get; set; }

    /// <summary>Any certificate; for development.</summary>
    public bool AcceptAnyCertificate { get; set; }

    /// <summary>Lets the password go in clear; for a relay on this machine.</summary>
    public bool AllowPlaintextAuth { get; set; }

    /// <summary>True where this is the recipients' own server and no submission relay: its refusals are read differently.</summary>
    public bool RemoteMx { get; set; }

    /// <summary>Distinct messages refused with the same unknown words in a minute before the path is blamed.</summary>
    public int UnknownTextsAMinute { get; set; } = Outcomes.UnknownTexts.DefaultMost;

    /// <summary>RFC 5321's own unless given.</summary>
    internal SmtpTimeouts? Timeouts { get; set; }

    public IEnumerable<string> Problems()
    {
        if (Host.Length == 0)
        {
            yield return "Host is empty; it must be the name or address of the relay";
        }

        if (Port is < 1 or > 65_535)
        {
            yield return $"Port is {Port}; it must be 1 to 65535";
        }

        if (UnknownTextsAMinute < 1)
        {
            yield return $"UnknownTextsAMinute is {UnknownTextsAMinute}; it must be at least 1";
        }

        if (User is null != Secret is null)
        {
            yield return "User and Secret belong together; one of them is missing";
        }

        if (User is not null && Tls is SmtpTls.None && !AllowPlaintextAuth)
        {
            yield return "Tls is None with a User: the password would go in clear; set Tls, or AllowPlaintextAuth for a relay on this machine";
        }
    }

    internal SmtpClientOptions ToClientOptions(TimeProvider clock, GuardedConnector? connector = null) =>
        new()
        {
            Host = Host,
            Port =
                Port
                ?? (
                    Tls is SmtpTls.Implicit ? 465
                    : Tls is SmtpTls.None ? 25
                    : 587
                ),
            Tls = Tls,
            HelloName = HelloName,
            Credentials = User is null ? null : new SmtpCredentials(User, Secret!),
            Certificates =
                CertificateSha256 is { } pin ? CertificatePolicy.Pinned(pin)
                : AcceptAnyCertificate ? CertificatePolicy.AcceptAny
                : CertificatePolicy.Verify,
            AllowPlaintextAuth = AllowPlaintextAuth,
            Timeouts = Timeouts ?? new SmtpTimeouts(),
            Connect = connector is null ? null : connector.ConnectAsync,
            Time = clock,
        };
}
