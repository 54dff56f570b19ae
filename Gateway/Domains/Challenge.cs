using System.Security.Cryptography;
using System.Text;
using Gateway.Tenants;

namespace Gateway.Domains;

/// <summary>
/// The TXT record that proves a domain: made of the tenant, the domain and 128 random bits, so that the text of one
/// claim is never that of another, whoever copies it.
/// </summary>
public static class Challenge
{
    public const int Bytes = 16;
    private const string Prefix = "email-gateway-verification=";

    public static byte[] New() => RandomNumberGenerator.GetBytes(Bytes);

    public static string RecordName(string domain) => "_email-gateway." + domain;

    public static string Text(Guid tenant, string domain, ReadOnlySpan<byte> random)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(tenant.ToByteArray(bigEndian: true));
        hash.AppendData(random);
        hash.AppendData(Encoding.ASCII.GetBytes(domain));
        return Prefix + Base32.Encode(hash.GetHashAndReset().AsSpan(0, 20));
    }

    /// <summary>True where one of the published texts is the wanted one; spaces around it are an editor's.</summary>
    public static bool IsAmong(IEnumerable<string> published, string wanted) =>
        published.Any(text => text.Trim().Trim('"') == wanted);
}
