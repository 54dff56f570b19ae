using System.Security.Cryptography;

namespace Gateway.Mail.Dkim;

/// <summary>
/// A private key that signs. Thread-safe. RSA keys have 2048 to 4096 bits: RFC 8301 §3.2 wants signers at 2048 or more
/// and verifiers only have to cope with 4096.
/// </summary>
public sealed class DkimKey : IDisposable
{
    /// <summary>Fewer bits are refused for signing (RFC 8301 §3.2: SHOULD; for us a must).</summary>
    public const int MinRsaBits = 2048;

    /// <summary>More bits need not be verifiable (RFC 8301 §3.2).</summary>
    public const int MaxRsaBits = 4096;

    private const int MaxCharacterString = 255; // RFC 1035 §3.3.14

    private readonly RsaSigner? rsa;
    private readonly byte[]? seed;
    private readonly byte[] publicKey;
    private volatile bool disposed;

    private DkimKey(RsaSigner rsa, int bits)
    {
        this.rsa = rsa;
        Algorithm = DkimAlgorithm.RsaSha256;
        Bits = bits;
        publicKey = rsa.ExportPublic();
    }

    private DkimKey(byte[] seed)
    {
        this.seed = seed;
        Algorithm = DkimAlgorithm.Ed25519Sha256;
        Bits = 256;
        publicKey = Ed25519Key.PublicFromSeed(seed);
    }

    /// <summary>The algorithm that this key signs with.</summary>
    public DkimAlgorithm Algorithm { get; }

    /// <summary>The size of the key in bits.</summary>
    public int Bits { get; }

    /// <summary>The TXT value to publish at <c>selector._domainkey.domain</c> (RFC 6376 §3.6.1, RFC 8463 §4).</summary>
    public string PublicRecord =>
        $"v=DKIM1; k={(rsa is null ? "ed25519" : "rsa")}; p={Convert.ToBase64String(publicKey)}";

    /// <summary>The record in character-strings of at most 255 octets, as a TXT record carries it (RFC 6376 §3.6.2.2).</summary>
    public IReadOnlyList<string> PublicRecordChunks =>
        [.. PublicRecord.Chunk(MaxCharacterString).Select(chunk => new string(chunk))];

    /// <summary>A new key. <paramref name="bits"/> counts for RSA only.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An RSA size outside 2048 to 4096.</exception>
    public static DkimKey Generate(DkimAlgorithm algorithm, int bits = MinRsaBits)
    {
        if (algorithm == DkimAlgorithm.Ed25519Sha256)
        {
            return new DkimKey(RandomNumberGenerator.GetBytes(Ed25519Key.SeedLength));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(bits, MinRsaBits);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bits, MaxRsaBits);
        using var made = RSA.Create(bits);
        return FromRsa(made);
    }

    /// <summary>Reads an unencrypted PKCS#8 key, RSA or Ed25519 (RFC 8410).</summary>
    /// <exception cref="CryptographicException">Not such a key, or an RSA key of a refused size.</exception>
    public static DkimKey ImportPkcs8(ReadOnlyMemory<byte> pkcs8)
    {
        if (Ed25519Key.SeedFromPkcs8(pkcs8) is { } seed)
        {
            return new DkimKey(seed);
        }

        using var read = RSA.Create();
        read.ImportPkcs8PrivateKey(pkcs8.Span, out _);
        return FromRsa(read);
    }

    /// <summary>Reads the first private key of a PEM text: "PRIVATE KEY" or "RSA PRIVATE KEY".</summary>
    /// <exception cref="CryptographicException">No such key, or an RSA key of a refused size.</exception>
    public static DkimKey ImportPem(string pem)
    {
        var rest = pem.AsSpan();
        while (PemEncoding.TryFind(rest, out var found))
        {
            var label = rest[found.Label];
            if (label is "PRIVATE KEY")
            {
                return ImportPkcs8(Convert.FromBase64String(rest[found.Base64Data].ToString()));
            }

            if (label is "RSA PRIVATE KEY")
            {
                using var read = RSA.Create();
                read.ImportRSAPrivateKey(Convert.FromBase64String(rest[found.Base64Data].ToString()), out _);
                return FromRsa(read);
            }

            rest = rest[found.Location.End..];
        }

        throw new CryptographicException("no unencrypted private key in the PEM text");
    }

    /// <summary>The private key as unencrypted PKCS#8, to be sealed by the caller.</summary>
    public byte[] ExportPkcs8() => rsa is null ? Ed25519Key.ToPkcs8(seed!) : rsa.ExportPkcs8();

    /// <inheritdoc/>
    public void Dispose()
    {
        disposed = true;
        rsa?.Dispose();
        CryptographicOperations.ZeroMemory(seed);
    }

    /// <summary>Signs a SHA-256: RFC 6376 §3.3.2 for RSA; RFC 8463 §3 signs the hash itself as the message.</summary>
    internal byte[] Sign(byte[] hash)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        return rsa is null ? Ed25519Key.Sign(seed!, publicKey, hash) : rsa.SignHash(hash);
    }

    private static DkimKey FromRsa(RSA key)
    {
        if (key.KeySize is < MinRsaBits or > MaxRsaBits)
        {
            throw new CryptographicException(
                $"the RSA key has {key.KeySize} bits; signing takes {MinRsaBits} to {MaxRsaBits}"
            );
        }

        return new DkimKey(new RsaSigner(key.ExportParameters(includePrivateParameters: true)), key.KeySize);
    }
}
