using System.Formats.Asn1;
using System.Security.Cryptography;
using Gateway.Mail.Dkim;

namespace Gateway.Mail.Tests.Dkim;

/// <summary>Keys made once a run, and records for them.</summary>
internal static class TestKeys
{
    public static readonly DkimKey Rsa = DkimKey.Generate(DkimAlgorithm.RsaSha256);
    public static readonly DkimKey OtherRsa = DkimKey.Generate(DkimAlgorithm.RsaSha256);
    public static readonly DkimKey Ed25519 = DkimKey.Generate(DkimAlgorithm.Ed25519Sha256);

    public static string P(DkimKey key) =>
        key.PublicRecord[(key.PublicRecord.IndexOf("p=", StringComparison.Ordinal) + 2)..];

    /// <summary>p= of the same key as a bare RSAPublicKey (RFC 6376 §3.6.1).</summary>
    public static string BarePkcs1(DkimKey key)
    {
        using var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(key.ExportPkcs8(), out _);
        return Convert.ToBase64String(rsa.ExportRSAPublicKey());
    }

    /// <summary>p= of an RSA public key of any size; nobody has its private half.</summary>
    public static string RsaOfBits(int bits)
    {
        var modulus = new byte[((bits + 7) / 8) + 1];
        modulus[1] = (byte)(1 << ((bits - 1) % 8));
        modulus[^1] = 1;
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(new System.Numerics.BigInteger(modulus, isUnsigned: true, isBigEndian: true));
            writer.WriteInteger(65537);
        }

        return Convert.ToBase64String(writer.Encode());
    }

    public static Func<string, CancellationToken, ValueTask<DkimKeyLookup>> Dns(
        params (string Name, string Record)[] zone
    ) =>
        (name, _) =>
        {
            var found = zone.Where(entry => entry.Name == name).Select(entry => entry.Record).ToArray();
            return ValueTask.FromResult(found.Length > 0 ? DkimKeyLookup.Found(found) : DkimKeyLookup.None);
        };
}
