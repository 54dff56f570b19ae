using System.Net;

namespace Gateway.Api.SmtpSubmission;

/// <summary>Where and as whom the SMTP door listens, from <c>Gateway:Smtp</c>. Without a port it does not.</summary>
public sealed class SubmissionOptions
{
    /// <summary>The listener with STARTTLS (RFC 6409; 587 by custom). 0 lets the system choose.</summary>
    public int? Port { get; set; }

    /// <summary>The listener that begins with TLS (RFC 8314 §3.3; 465 by custom). 0 lets the system choose.</summary>
    public int? ImplicitTlsPort { get; set; }

    /// <summary>The address to listen on. The default is loopback in development, else every one.</summary>
    public string? Bind { get; set; }

    /// <summary>Our name in the greeting, and in a certificate that is made here.</summary>
    public string Name { get; set; } = "localhost";

    /// <summary>The certificate and its chain as PEM; read again when the file changes.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>The certificate's key as PEM.</summary>
    public string? CertificateKeyFile { get; set; }

    /// <summary>Development only: where the certificate that is made here is kept; without it each start makes a new one.</summary>
    public string? SelfMadeCertificateFile { get; set; }

    /// <summary>How long a TLS handshake may take.</summary>
    public TimeSpan HandshakeWithin { get; set; } = TimeSpan.FromSeconds(10);

    public bool IsOn => Port is not null || ImplicitTlsPort is not null;

    public IPAddress Address(bool isDevelopment) =>
        Bind is not null ? IPAddress.Parse(Bind)
        : isDevelopment ? IPAddress.Loopback
        : IPAddress.IPv6Any;

    public IEnumerable<string> Problems(bool isDevelopment)
    {
        foreach (var (name, port) in new[] { (nameof(Port), Port), (nameof(ImplicitTlsPort), ImplicitTlsPort) })
        {
            if (port is < 0 or > 65_535)
            {
                yield return $"Gateway:Smtp:{name} is {port}; it must be 0 to 65535";
            }
        }

        if (Bind is not null && !IPAddress.TryParse(Bind, out _))
        {
            yield return $"Gateway:Smtp:Bind is '{Bind}'; it must be an IP address";
        }

        if (CertificateFile is null != CertificateKeyFile is null)
        {
            yield return "Gateway:Smtp:CertificateFile and CertificateKeyFile belong together; one of them is missing";
        }

        if (IsOn && CertificateFile is null && !isDevelopment)
        {
            yield return "Gateway:Smtp has a port and no CertificateFile; only in development is a certificate made here";
        }
    }
}
