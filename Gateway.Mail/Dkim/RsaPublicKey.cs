using System.Formats.Asn1;
using System.Security.Cryptography;

namespace Gateway.Mail.Dkim;

/// <summary>
/// The p= of an RSA key record: a SubjectPublicKeyInfo (what everyone publishes, RFC 6376 erratum 3017) or a bare
/// RSAPublicKey (what RFC 6376 §3.6.1 says). Read by hand so that the size is known before any arithmetic.
/// </summary>
internal static class RsaPublicKey
{
    private const string RsaEncryption = "1.2.840.113549.1.1.1";

    public static bool TryRead(ReadOnlyMemory<byte> der, out RSAParameters key, out int bits)
    {
        key = default;
        bits = 0;
        try
        {
            var outer = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
            if (outer.PeekTag().TagValue == (int)UniversalTagNumber.Sequence)
            {
                if (outer.ReadSequence().ReadObjectIdentifier() != RsaEncryption)
                {
                    return false;
                }

                outer = new AsnReader(outer.ReadBitString(out _), AsnEncodingRules.DER).ReadSequence();
            }

            var modulus = outer.ReadIntegerBytes().Span.TrimStart((byte)0);
            var exponent = outer.ReadIntegerBytes().Span.TrimStart((byte)0);
            if (modulus.IsEmpty || exponent.IsEmpty)
            {
                return false;
            }

            key = new RSAParameters { Modulus = modulus.ToArray(), Exponent = exponent.ToArray() };
            bits = (modulus.Length * 8) - int.LeadingZeroCount(modulus[0]) + 24;
            return true;
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    /// <summary>RSASSA-PKCS1-v1_5 over a SHA-256 (RFC 6376 §3.3.2). False too for a key that the platform refuses.</summary>
    public static bool Verify(RSAParameters key, ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature)
    {
        try
        {
            using var rsa = RSA.Create(key);
            return rsa.VerifyHash(hash, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
