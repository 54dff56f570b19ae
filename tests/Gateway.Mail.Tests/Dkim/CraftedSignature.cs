using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Gateway.Mail.Dkim;

namespace Gateway.Mail.Tests.Dkim;

/// <summary>
/// Signatures that our signer would never make, yet with the right hashes, so that one rule alone decides the verdict.
/// </summary>
internal static class CraftedSignature
{
    private const string Message =
        "From: a@example.com\r\nTo:  b@example.net\r\nSubject: x\r\n\r\nHello  world \r\n\r\n";

    public static byte[] Mail(string template, Func<string, byte[]> unescape)
    {
        var filled = template
            .Replace("{bh}", BodyHash(Canonicalization.Relaxed), StringComparison.Ordinal)
            .Replace("{bh-simple}", BodyHash(Canonicalization.Simple), StringComparison.Ordinal);
        var unsigned = Build(unescape(filled.Replace("{b}", "AAAA", StringComparison.Ordinal)));
        var section = HeaderSection.Split(new ReadOnlySequence<byte>(unsigned));
        var tags = DkimVerifier.Read(section, 0);
        if (tags.SignedNames.Length == 0)
        {
            return unsigned;
        }

        var signature = TestKeys.Rsa.Sign(new SignedMessage(section).HashHeaders(tags, 0));
        return Build(unescape(filled.Replace("{b}", Convert.ToBase64String(signature), StringComparison.Ordinal)));
    }

    private static byte[] Build(byte[] field) =>
        [.. "DKIM-Signature: "u8, .. field, .. "\r\n"u8, .. Encoding.ASCII.GetBytes(Message)];

    private static string BodyHash(Canonicalization mode) =>
        Convert.ToBase64String(
            SHA256.HashData(mode == Canonicalization.Simple ? "Hello  world \r\n"u8 : "Hello world\r\n"u8)
        );
}
