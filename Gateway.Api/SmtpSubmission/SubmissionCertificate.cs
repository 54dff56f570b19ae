using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Secrets;

namespace Gateway.Api.SmtpSubmission;

/// <summary>The door's certificate: from the files of the configuration, again when they change; else made here.</summary>
internal sealed partial class SubmissionCertificate(
    SubmissionOptions options,
    TimeProvider clock,
    ILogger<SubmissionCertificate> log
)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan MadeFor = TimeSpan.FromDays(365);
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);

    private readonly Lock gate = new();
    private SslServerAuthenticationOptions? current;
    private DateTime writtenAt;
    private long lookedAt;

    /// <summary>For the next handshake. Files that cannot be read leave what was read before.</summary>
    public SslServerAuthenticationOptions Current()
    {
        lock (gate)
        {
            if (current is not null && clock.GetElapsedTime(lookedAt) < LookEvery)
            {
                return current;
            }

            lookedAt = clock.GetTimestamp();
            try
            {
                var at = options.CertificateFile is { } file ? File.GetLastWriteTimeUtc(file) : default;
                if (current is null || at != writtenAt)
                {
                    (current, writtenAt) = (Read(), at);
                }
            }
            catch (Exception problem)
                when (current is not null
                    && problem is IOException or CryptographicException or UnauthorizedAccessException
                )
            {
                NotRead(log, options.CertificateFile, problem.Message);
            }

            return current!;
        }
    }

    private SslServerAuthenticationOptions Read()
    {
        X509Certificate2Collection chain = [];
        X509Certificate2 own;
        if (options.CertificateFile is { } file)
        {
            own = X509Certificate2.CreateFromPemFile(file, options.CertificateKeyFile);
            chain.ImportFromPemFile(file);
        }
        else
        {
            own = SelfMade();
        }

        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(own, chain, offline: true),
            // RFC 8997: nothing older for mail.
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        };
    }

    private X509Certificate2 SelfMade()
    {
        var file = options.SelfMadeCertificateFile;
        if (file is not null && File.Exists(file))
        {
            var kept = X509Certificate2.CreateFromPemFile(file, file);
            if (kept.NotAfter.ToUniversalTime() - clock.GetUtcNow().UtcDateTime > RenewBefore)
            {
                return kept;
            }
        }

        // P-256: a tenth of RSA's work for each of a stranger's handshakes.
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={options.Name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        foreach (var name in new[] { options.Name, "localhost" }.Distinct(StringComparer.OrdinalIgnoreCase))
        {
            names.AddDnsName(name);
        }

        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = clock.GetUtcNow();
        var made = request.CreateSelfSigned(now.AddDays(-1), now + MadeFor);
        if (file is not null)
        {
            PrivateFile.Write(file, made.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n");
        }

        return made;
    }

    [LoggerMessage(1, LogLevel.Error, "The certificate {File} cannot be read; the one before stays: {Problem}")]
    private static partial void NotRead(ILogger log, string? file, string problem);
}
