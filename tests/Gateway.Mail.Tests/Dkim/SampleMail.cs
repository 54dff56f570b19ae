using System.Text;
using Gateway.Mail.Dkim;

namespace Gateway.Mail.Tests.Dkim;

/// <summary>A mail with all that clients act on, and the ways to sign and verify it under one fixed clock.</summary>
internal static class SampleMail
{
    public static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

    public const string Text =
        "From: Ann <ann@example.com>\r\n"
        + "To: Bob <bob@example.net>\r\n"
        + "Subject: Quarterly  numbers\r\n"
        + "\tfor you\r\n"
        + "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
        + "Message-ID: <1@example.com>\r\n"
        + "MIME-Version: 1.0\r\n"
        + "Content-Type: multipart/alternative; boundary=\"b1\"\r\n"
        + "List-Unsubscribe: <https://example.com/u/1>\r\n"
        + "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        + "X-Campaign: 7\r\n"
        + "\r\n"
        + "--b1\r\n"
        + "Content-Type: text/plain\r\n"
        + "\r\n"
        + "Hello  Bob,\r\n"
        + "\r\n"
        + "all is well.\r\n"
        + "--b1--\r\n";

    public static byte[] Bytes => Encoding.UTF8.GetBytes(Text);

    public static DkimSigningOptions Rsa(Canonicalization mode = Canonicalization.Relaxed) =>
        Options("rsa", TestKeys.Rsa, mode);

    public static DkimSigningOptions Ed25519(Canonicalization mode = Canonicalization.Relaxed) =>
        Options("ed", TestKeys.Ed25519, mode);

    /// <summary>The mail with one RSA signature in front.</summary>
    public static string Signed(Canonicalization mode = Canonicalization.Relaxed) =>
        Encoding.Latin1.GetString(DkimSigner.Sign(Bytes, [Rsa(mode)])) + Text;

    public static Task<IReadOnlyList<DkimVerdict>> VerifyAsync(byte[] message) =>
        DkimVerifier.VerifyAsync(
            message,
            TestKeys.Dns(
                ("rsa._domainkey.example.com", TestKeys.Rsa.PublicRecord),
                ("ed._domainkey.example.com", TestKeys.Ed25519.PublicRecord)
            ),
            Now
        );

    public static async Task<DkimVerdict> VerifyAsync(string message) =>
        Assert.Single(await VerifyAsync(Encoding.Latin1.GetBytes(message)));

    private static DkimSigningOptions Options(string selector, DkimKey key, Canonicalization mode) =>
        new()
        {
            Domain = "example.com",
            Selector = selector,
            Key = key,
            Now = Now,
            Header = mode,
            Body = mode,
        };
}
