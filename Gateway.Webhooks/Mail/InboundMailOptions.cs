using System.Net;
using Gateway.Mail.Addresses;

namespace Gateway.Webhooks.Mail;

/// <summary>
/// The server of the bounce domain, from <c>Gateway:Inbound</c>: the host that the domain's MX record names. Without a port
/// it does not listen.
/// </summary>
public sealed class InboundMailOptions
{
    /// <summary>25 in production. 0 lets the system choose.</summary>
    public int? Port { get; set; }

    /// <summary>The address to listen on. The default is loopback in development, else every one.</summary>
    public string? Bind { get; set; }

    /// <summary>Our name in the greeting.</summary>
    public string Name { get; set; } = "localhost";

    /// <summary>The certificate and its chain as PEM; with it STARTTLS is offered. Read again when the file changes.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>The certificate's key as PEM.</summary>
    public string? CertificateKeyFile { get; set; }

    /// <summary>Octets of one mail. Some hosts return all of what they refuse, and what we send has up to 36 MiB.</summary>
    public int MaxMessage { get; set; } = 40 << 20;

    /// <summary>Octets of a mail that are kept: reports stand at its beginning, what they return at its end.</summary>
    public int KeptBytes { get; set; } = 256 << 10;

    /// <summary>Octets that all mails may hold together while they come in; beyond it, 452.</summary>
    public long ContentBytes { get; set; } = 128L << 20;

    public int Connections { get; set; } = 500;

    public int ConnectionsPerAddress { get; set; } = 50;

    /// <summary>Mails a minute of one address (IPv6: one /64); beyond it, 451. A large provider returns thousands after a bad list.</summary>
    public int MailsPerMinute { get; set; } = 6_000;

    /// <summary>
    /// Local parts at the bounce domain, beside postmaster and abuse, that complaints are sent to: what was registered with
    /// feedback loops (RFC 5965, RFC 6449 §4).
    /// </summary>
    public IReadOnlyList<string> ReportAddresses { get; set; } = [];

    /// <summary>Octets an hour that this replica keeps of mail to these addresses, which anybody can guess; beyond it, 452.</summary>
    public long ReportBytesPerHour { get; set; } = 64 << 20;

    public IPAddress Address(bool isDevelopment) =>
        Bind is not null ? IPAddress.Parse(Bind)
        : isDevelopment ? IPAddress.Loopback
        : IPAddress.IPv6Any;

    public IEnumerable<string> Problems(string? bounceDomain)
    {
        if (Port is < 0 or > 65_535)
        {
            yield return $"Gateway:Inbound:Port is {Port}; it must be 0 to 65535";
        }

        if (Port is not null && bounceDomain is null)
        {
            yield return "Gateway:Inbound has a port and Gateway:BounceDomain is not set; its addresses are all that is taken";
        }

        if (Bind is not null && !IPAddress.TryParse(Bind, out _))
        {
            yield return $"Gateway:Inbound:Bind is '{Bind}'; it must be an IP address";
        }

        if (CertificateFile is null != CertificateKeyFile is null)
        {
            yield return "Gateway:Inbound:CertificateFile and CertificateKeyFile belong together; one of them is missing";
        }

        foreach (var (name, index) in ReportAddresses.Select((n, i) => (n, i)))
        {
            if (!EmailAddress.TryParse($"{name}@example.com", out var parsed, out _) || parsed.LocalPart != name)
            {
                yield return $"Gateway:Inbound:ReportAddresses:{index} is '{name}'; it must be what stands before the @ of an address, such as fbl";
            }
        }

        foreach (
            var (name, value) in new (string, long)[]
            {
                (nameof(MaxMessage), MaxMessage),
                (nameof(KeptBytes), KeptBytes),
                (nameof(ContentBytes), ContentBytes),
                (nameof(Connections), Connections),
                (nameof(ConnectionsPerAddress), ConnectionsPerAddress),
                (nameof(MailsPerMinute), MailsPerMinute),
                (nameof(ReportBytesPerHour), ReportBytesPerHour),
            }
        )
        {
            if (value < 1)
            {
                yield return $"Gateway:Inbound:{name} is {value}; it must be 1 or more";
            }
        }
    }
}
