using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Gateway.Mail.Bounces;

/// <summary>
/// The local part of our MAIL FROM: <c>b-</c> and 50 characters of base32 that name delivery and attempt under a MAC, so
/// that a bounce finds its delivery whatever address it names, and nobody can invent one. Epoch, 16 octets of delivery,
/// 2 of attempt, 12 of HMAC-SHA256. Verified without regard to case: hosts fold local parts.
/// </summary>
/// <param name="keyOf">The key of an epoch, or null if there is none; all epochs verify, the current one signs.</param>
public sealed class VerpAddresses(Func<byte, byte[]?> keyOf)
{
    /// <summary>All of it; RFC 5321 §4.5.3.1.1 allows 64 octets.</summary>
    public const int Length = 52;

    private const string Prefix = "b-";
    private const int Payload = 1 + 16 + 2;

    // 96 bits: at 10⁶ forged bounces a second one is hit in 10¹⁵ years.
    private const int Mac = 12;

    private static ReadOnlySpan<byte> Purpose => "gateway verp 1\0"u8;

    /// <summary>The local part for an attempt.</summary>
    /// <exception cref="ArgumentException">There is no key of that epoch.</exception>
    public string Create(VerpId id)
    {
        var key = keyOf(id.Epoch) ?? throw new ArgumentException($"There is no key of epoch {id.Epoch}.", nameof(id));
        Span<byte> octets = stackalloc byte[Payload + Mac];
        octets[0] = id.Epoch;
        id.Delivery.TryWriteBytes(octets[1..17], bigEndian: true, out _);
        BinaryPrimitives.WriteUInt16BigEndian(octets[17..Payload], id.Attempt);
        Sign(key, octets[..Payload], octets[Payload..]);
        return Prefix + Base32.Encode(octets);
    }

    /// <summary>
    /// True if we made this local part. Also reads it inside a BATV or SRS wrapping that a forwarder left
    /// (<c>prvs=tag=…</c>, <c>SRS0=hash=tt=domain=…</c>): the MAC says that it is ours.
    /// </summary>
    public bool TryVerify(ReadOnlySpan<char> localPart, out VerpId id)
    {
        id = default;
        if (localPart.Length < Length)
        {
            return false;
        }

        var token = localPart[^Length..];
        var wrapped = localPart.Length > Length && localPart[^(Length + 1)] != '=';
        if (wrapped || !token.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        Span<byte> octets = stackalloc byte[Payload + Mac];
        if (!Base32.TryDecode(token[Prefix.Length..], octets) || keyOf(octets[0]) is not { } key)
        {
            return false;
        }

        Span<byte> mac = stackalloc byte[Mac];
        Sign(key, octets[..Payload], mac);
        if (!CryptographicOperations.FixedTimeEquals(mac, octets[Payload..]))
        {
            return false;
        }

        var attempt = BinaryPrimitives.ReadUInt16BigEndian(octets[17..Payload]);
        id = new VerpId(new Guid(octets[1..17], bigEndian: true), attempt, octets[0]);
        return true;
    }

    private static void Sign(byte[] key, ReadOnlySpan<byte> payload, Span<byte> mac)
    {
        Span<byte> input = stackalloc byte[Purpose.Length + Payload];
        Purpose.CopyTo(input);
        payload.CopyTo(input[Purpose.Length..]);
        Span<byte> whole = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, input, whole);
        whole[..Mac].CopyTo(mac);
    }
}
