using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gateway.Mail.Tests.Smtp.Peers;

/// <summary>A self-signed certificate for localhost, made once a run.</summary>
internal static class TestCertificate
{
    private static readonly Lazy<X509Certificate2> Made = new(Make);

    public static X509Certificate2 Value => Made.Value;

    public static string Sha256 => Value.GetCertHashString(HashAlgorithmName.SHA256);

    public static RSA PrivateKey(this X509Certificate2 certificate) =>
        certificate.GetRSAPrivateKey() ?? throw new InvalidOperationException("made with an RSA key");

    private static X509Certificate2 Make()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        var now = DateTimeOffset.UtcNow;
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));
        return X509CertificateLoader.LoadPkcs12(
            made.Export(X509ContentType.Pfx),
            password: null,
            X509KeyStorageFlags.Exportable
        );
    }
}
