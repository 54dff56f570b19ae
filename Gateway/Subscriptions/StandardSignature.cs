using System.Security.Cryptography;
using System.Text;

namespace Gateway.Subscriptions;

/// <summary>The symmetric signature of Standard Webhooks 1.0, scheme <c>v1</c>.</summary>
public static class StandardSignature
{
    public const string IdHeader = "webhook-id";
    public const string TimestampHeader = "webhook-timestamp";
    public const string SignatureHeader = "webhook-signature";

    /// <summary>The value of the header: one signature for each secret, so that a rotation has an overlap.</summary>
    /// <param name="secrets">The newest first.</param>
    /// <param name="id">Of the event; the same at every try. Without a dot, which parts the signed content.</param>
    /// <param name="timestamp">Unix seconds of this try.</param>
    /// <param name="body">The bytes as sent.</param>
    public static string Of(IReadOnlyList<byte[]> secrets, string id, long timestamp, ReadOnlySpan<byte> body)
    {
        var head = Encoding.ASCII.GetBytes($"{id}.{timestamp}.");
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        var value = new StringBuilder(64 * secrets.Count);
        foreach (var secret in secrets)
        {
            using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret);
            hash.AppendData(head);
            hash.AppendData(body);
            hash.GetHashAndReset(mac);
            value.Append(value.Length == 0 ? "v1," : " v1,").Append(Convert.ToBase64String(mac));
        }

        return value.ToString();
    }
}
