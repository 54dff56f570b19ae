using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Gateway.Secrets;

/// <summary>
/// The one secret an installation holds outside its database: 32 bytes that seal stored secrets and the key ring, and
/// from which the database passwords of the roles are derived (HKDF-SHA256, RFC 5869).
/// </summary>
public sealed class MasterKey
{
    public const int Length = 32;
    private const int NonceLength = 12;
    private const int TagLength = 16;
    private readonly byte[] key;

    public MasterKey(ReadOnlySpan<byte> key)
    {
        if (key.Length != Length)
        {
            throw new ArgumentException($"the master key has {key.Length} bytes; it must have {Length}", nameof(key));
        }

        this.key = key.ToArray();
        Id = Convert.ToHexStringLower(SHA256.HashData(key)[..4]);
    }

    /// <summary>Names this key in everything that it sealed, so that a rotation knows what is still to be re-wrapped.</summary>
    public string Id { get; }

    public static MasterKey Generate() => new(RandomNumberGenerator.GetBytes(Length));

    /// <summary>Reads the base64 text of a key; <paramref name="origin"/> names the knob in the error.</summary>
    public static MasterKey FromBase64(string text, string origin)
    {
        Span<byte> bytes = stackalloc byte[Length + 2];
        return Convert.TryFromBase64String(text.Trim(), bytes, out var written) && written == Length
            ? new MasterKey(bytes[..written])
            : throw new InvalidOperationException($"{origin} must hold {Length} random bytes in base64");
    }

    public string ToBase64() => Convert.ToBase64String(key);

    /// <summary>A password for a database role: 32 bytes of HKDF in hex, so it needs no quoting anywhere.</summary>
    public string DerivePassword(string role) =>
        Convert.ToHexStringLower(
            HKDF.DeriveKey(HashAlgorithmName.SHA256, key, Length, info: Encoding.UTF8.GetBytes("gateway/login/" + role))
        );

    /// <summary>AES-256-GCM: nonce ‖ ciphertext ‖ tag. The associated data binds the secret to the place where it is kept.</summary>
    public byte[] Seal(ReadOnlySpan<byte> secret, SecretPlace place)
    {
        var sealedBytes = new byte[NonceLength + secret.Length + TagLength];
        var nonce = sealedBytes.AsSpan(0, NonceLength);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(key, TagLength);
        aes.Encrypt(
            nonce,
            secret,
            sealedBytes.AsSpan(NonceLength, secret.Length),
            sealedBytes.AsSpan(NonceLength + secret.Length),
            AssociatedData(place)
        );
        return sealedBytes;
    }

    /// <exception cref="CryptographicException">Another key sealed it, it was moved to another place, or it was altered.</exception>
    public byte[] Open(ReadOnlySpan<byte> sealedBytes, SecretPlace place)
    {
        if (sealedBytes.Length < NonceLength + TagLength)
        {
            throw new CryptographicException("a sealed secret is shorter than its nonce and tag");
        }

        var secret = new byte[sealedBytes.Length - NonceLength - TagLength];
        using var aes = new AesGcm(key, TagLength);
        aes.Decrypt(
            sealedBytes[..NonceLength],
            sealedBytes.Slice(NonceLength, secret.Length),
            sealedBytes[^TagLength..],
            secret,
            AssociatedData(place)
        );
        return secret;
    }

    private byte[] AssociatedData(SecretPlace place)
    {
        using var data = new MemoryStream();
        Span<byte> length = stackalloc byte[4];
        foreach (var part in (string[])[Id, place.Tenant.ToString("N"), place.Table, place.Row, place.Purpose])
        {
            // Lengths keep ("ab", "c") and ("a", "bc") apart.
            var bytes = Encoding.UTF8.GetBytes(part);
            BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
            data.Write(length);
            data.Write(bytes);
        }

        return data.ToArray();
    }
}

/// <summary>Where a sealed secret is kept: it opens only there.</summary>
public readonly record struct SecretPlace(Guid Tenant, string Table, string Row, string Purpose);
