using System.Formats.Asn1;
using System.Security.Cryptography;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Gateway.Mail.Dkim;

/// <summary>Ed25519 (RFC 8032) and its PKCS#8 form (RFC 8410 §7). The private key is the 32-octet seed.</summary>
internal static class Ed25519Key
{
    public const int SeedLength = 32;
    public const int PublicLength = 32;
    public const int SignatureLength = 64;
    private const string Oid = "1.3.101.112";

    public static byte[] PublicFromSeed(byte[] seed)
    {
        var key = new byte[PublicLength];
        Ed25519.GeneratePublicKey(seed, 0, key, 0);
        return key;
    }

    public static byte[] Sign(byte[] seed, byte[] publicKey, byte[] message)
    {
        var signature = new byte[SignatureLength];
        Ed25519.Sign(seed, 0, publicKey, 0, message, 0, message.Length, signature, 0);
        return signature;
    }

    public static bool Verify(byte[] publicKey, byte[] message, byte[] signature) =>
        signature.Length == SignatureLength && Ed25519.Verify(signature, 0, publicKey, 0, message, 0, message.Length);

    public static byte[] ToPkcs8(byte[] seed)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(0);
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(Oid);
            }

            // RFC 8410 §7: CurvePrivateKey is an OCTET STRING inside the privateKey OCTET STRING.
            using (writer.PushOctetString())
            {
                writer.WriteOctetString(seed);
            }
        }

        return writer.Encode();
    }

    /// <summary>Null if the PKCS#8 is for another algorithm.</summary>
    /// <exception cref="CryptographicException">Not PKCS#8, or not 32 octets.</exception>
    public static byte[]? SeedFromPkcs8(ReadOnlyMemory<byte> pkcs8)
    {
        try
        {
            var info = new AsnReader(pkcs8, AsnEncodingRules.BER).ReadSequence();
            info.ReadInteger();
            if (info.ReadSequence().ReadObjectIdentifier() != Oid)
            {
                return null;
            }

            var seed = new AsnReader(info.ReadOctetString(), AsnEncodingRules.BER).ReadOctetString();
            return seed.Length == SeedLength ? seed : throw new CryptographicException("Ed25519 keys have 32 octets");
        }
        catch (AsnContentException malformed)
        {
            throw new CryptographicException("not a PKCS#8 private key", malformed);
        }
    }
}
