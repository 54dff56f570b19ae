using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Tests.Cluster;

namespace Gateway.Tests.BouncesByMail;

public sealed class BounceServerTlsTests(TestCluster cluster)
{
    [Fact]
    public async Task With_a_certificate_mail_comes_by_TLS_too_and_what_was_said_before_is_forgotten()
    {
        await using var folder = await TestFolder.CreateAsync();
        var file = Path.Combine(folder.Path, "mx.pem");
        using (var key = ECDsa.Create(ECCurve.NamedCurves.nistP256))
        {
            var request = new CertificateRequest("CN=mx.bounces.example", key, HashAlgorithmName.SHA256);
            var now = DateTimeOffset.UtcNow;
            using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
            await File.WriteAllTextAsync(
                file,
                certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n"
            );
        }

        await using var host = await ReturnHost.StartAsync(
            cluster,
            ("Gateway:Inbound:CertificateFile", file),
            ("Gateway:Inbound:CertificateKeyFile", file)
        );
        var tenant = await host.Ledger.CreateTenantAsync();
        var delivery = (await host.SentAsync(tenant, "transactional", "ann@example.net"))[0];
        await using var talk = await host.TalkAsync();
        Assert.StartsWith("220", await talk.Ask("STARTTLS"), StringComparison.Ordinal);
        await talk.Secure();
        Assert.StartsWith("503", await talk.Ask("MAIL FROM:<>"), StringComparison.Ordinal);
        await talk.Ask("EHLO mx.example.net");
        var reply = await ReturnHost.BringAsync(
            talk,
            "",
            host.Addresses.Bounce(delivery, 1),
            Reports.Unknown("ann@example.net")
        );
        Assert.StartsWith("250", reply, StringComparison.Ordinal);
        await host.ReadAllAsync(1);
        Assert.Equal("bounced recipient | bounced", await host.StateAsync(delivery));
    }
}
