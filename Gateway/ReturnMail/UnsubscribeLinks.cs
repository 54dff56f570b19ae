using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Gateway.Secrets;

namespace Gateway.ReturnMail;

/// <summary>Who leaves: the recipient of one delivery, and the stream that it came by.</summary>
/// <param name="Address">The policy key of the recipient.</param>
public sealed record UnsubscribeTarget(Guid TenantId, Guid DeliveryId, string Stream, string Address);

/// <summary>
/// The token of a one-click link (RFC 8058): tenant, delivery, stream and recipient under a mac. It holds all that
/// leaving needs, so that it works for as long as its key, whether or not the ledger still has the mail.
/// </summary>
public sealed class UnsubscribeLinks
{
    public const string Folder = "u/";
    private const string Purpose = "gateway/unsubscribe";
    private const byte Version = 1;
    private const int Fixed = 1 + 1 + 16 + 16 + 1;

    // 128 bits, as every link of ours.
    private const int Mac = 16;

    /// <summary>Octets of a recipient: 64 and 255 of RFC 5321 §4.5.3.1, twice where a local part is international.</summary>
    private const int LongestAddress = 512;

    private const int LongestToken = (((Fixed + LongestAddress + Mac) * 4) + 2) / 3;

    private static readonly string[] Streams =
    [
        Suppressions.SuppressionRules.Transactional,
        Suppressions.SuppressionRules.Broadcast,
    ];
    private readonly Dictionary<byte, byte[]> keys = [];
    private readonly byte current;

    public UnsubscribeLinks(KeyRing ring)
    {
        current = (byte)ring.CurrentEpoch[0];
        foreach (var epoch in ring.Epochs)
        {
            keys[(byte)epoch[0]] = ring.Derive(epoch, Purpose)!;
        }
    }

    /// <summary>Null for a recipient that is too long for a link.</summary>
    public string? Write(UnsubscribeTarget target)
    {
        var address = Encoding.UTF8.GetBytes(target.Address);
        if (address.Length > LongestAddress)
        {
            return null;
        }

        var token = new byte[Fixed + address.Length + Mac];
        (token[0], token[1]) = (Version, current);
        target.TenantId.TryWriteBytes(token.AsSpan(2), bigEndian: true, out _);
        target.DeliveryId.TryWriteBytes(token.AsSpan(18), bigEndian: true, out _);
        token[34] = (byte)Array.IndexOf(Streams, target.Stream);
        address.CopyTo(token, Fixed);
        Sign(keys[current], token);
        return Base64Url.EncodeToString(token);
    }

    /// <summary>Null for every token that we did not write.</summary>
    public UnsubscribeTarget? Read(string text)
    {
        if (text.Length > LongestToken || !Base64Url.IsValid(text))
        {
            return null;
        }

        var token = Base64Url.DecodeFromChars(text);
        if (
            token.Length <= Fixed + Mac
            || token[0] != Version
            || token[34] >= Streams.Length
            || !keys.TryGetValue(token[1], out var key)
            // One text for each token: spare bits and padding must not make a second one.
            || Base64Url.EncodeToString(token) != text
        )
        {
            return null;
        }

        var signed = token.AsSpan().ToArray();
        Sign(key, signed);
        return CryptographicOperations.FixedTimeEquals(signed, token)
            ? new UnsubscribeTarget(
                new Guid(token.AsSpan(2, 16), bigEndian: true),
                new Guid(token.AsSpan(18, 16), bigEndian: true),
                Streams[token[34]],
                Encoding.UTF8.GetString(token.AsSpan(Fixed..^Mac))
            )
            : null;
    }

    private static void Sign(byte[] key, Span<byte> token)
    {
        Span<byte> whole = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, token[..^Mac], whole);
        whole[..Mac].CopyTo(token[^Mac..]);
    }
}
