using System.Security.Cryptography;
using Gateway.Mail.Dkim;

namespace Gateway.Benchmarks;

/// <summary>Signing against the bare cryptography that it cannot do without, in the same run.</summary>
internal static class DkimBenchmarks
{
    private const string Bare = "bare RSA-2048 of a hash";

    public static Task RunAsync()
    {
        using var rsa = RSA.Create(2048);
        using var rsaKey = DkimKey.ImportPkcs8(rsa.ExportPkcs8PrivateKey());
        using var edKey = DkimKey.Generate(DkimAlgorithm.Ed25519Sha256);
        var hash = SHA256.HashData("hash"u8);
        var signing = new Comparison();
        signing.Add(Bare, () => SignBare(rsa, hash));
        var hashing = new Comparison();
        foreach (var mail in SampleMail.All)
        {
            var bytes = mail.Bytes;
            signing.Add(BareOf(mail), () => SignBare(rsa, SHA256.HashData(bytes)));
            signing.Add($"sign {mail.Size} rsa-2048", () => DkimSigner.Sign(bytes, [Options("rsa", rsaKey)]));
            signing.Add($"sign {mail.Size} ed25519", () => DkimSigner.Sign(bytes, [Options("ed", edKey)]));

            var body = bytes[(bytes.AsSpan().IndexOf("\r\n\r\n"u8) + 4)..];
            hashing.Add($"bare SHA-256 of {mail.Size}", () => SHA256.HashData(body));
            foreach (var mode in Enum.GetValues<Canonicalization>())
            {
                hashing.Add($"{mode} body hash of {mail.Size}", () => Hash(mode, body));
            }
        }

        signing.Run();
        Console.WriteLine();
        foreach (var mail in SampleMail.All)
        {
            signing.Ratio($"sign {mail.Size} rsa-2048", Bare);
            signing.Ratio($"sign {mail.Size} rsa-2048", BareOf(mail));
        }

        Console.WriteLine();
        hashing.Run();
        Console.WriteLine();
        foreach (var mail in SampleMail.All)
        {
            foreach (var mode in Enum.GetValues<Canonicalization>())
            {
                hashing.Ratio($"{mode} body hash of {mail.Size}", $"bare SHA-256 of {mail.Size}");
            }
        }

        return Task.CompletedTask;
    }

    private static string BareOf(SampleMail mail) => $"bare SHA-256 of {mail.Size}, then RSA-2048";

    private static byte[] SignBare(RSA rsa, byte[] hash) =>
        rsa.SignHash(hash, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

    private static byte[] Hash(Canonicalization mode, byte[] body)
    {
        using var hasher = new DkimBodyHasher(mode);
        hasher.Append(body);
        return hasher.Finish();
    }

    private static DkimSigningOptions Options(string selector, DkimKey key) =>
        new()
        {
            Domain = "mail.shop.example",
            Selector = selector,
            Key = key,
            Now = DateTimeOffset.UnixEpoch,
        };
}
