using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Webhooks.Mail;

/// <summary>The certificate of the bounce domain's server, read again when its file was written anew.</summary>
internal sealed partial class InboundCertificate(InboundMailOptions options, ILogger log)
{
    private readonly Lock gate = new();
    private SslServerAuthenticationOptions? current;
    private DateTime writtenAt;

    /// <summary>For the next handshake. A file that cannot be read leaves what was read before.</summary>
    public SslServerAuthenticationOptions Current()
    {
        lock (gate)
        {
            try
            {
                var at = File.GetLastWriteTimeUtc(options.CertificateFile!);
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
        var own = X509Certificate2.CreateFromPemFile(options.CertificateFile!, options.CertificateKeyFile);
        X509Certificate2Collection chain = [];
        chain.ImportFromPemFile(options.CertificateFile!);
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(own, chain, offline: true),
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        };
    }

    [LoggerMessage(1, LogLevel.Error, "The certificate {File} cannot be read; the one before stays: {Problem}")]
    private static partial void NotRead(ILogger log, string? file, string problem);
}
