using System.Buffers;
using System.Security.Cryptography;

namespace Gateway.Mail.Dkim;

/// <summary>
/// The SHA-256 of a canonical body (RFC 6376 §3.7 step 1), streaming: the body may come in chunks of any size and is
/// never copied as a whole; only short pieces are gathered in 4 KiB of rented scratch. Not thread-safe; one instance is
/// one body.
/// </summary>
public sealed class DkimBodyHasher : IDisposable
{
    private const int SmallPiece = 1024; // below this a copy is cheaper than a call into the hash
    private const int Scratch = 4096;
    private readonly BodyCanonicalizer canonicalizer;
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly long limit;
    private byte[] small = ArrayPool<byte>.Shared.Rent(Scratch);
    private int held;

    /// <param name="mode">The body half of the c= tag.</param>
    /// <param name="limit">Octets of the canonical body that are hashed (l=, RFC 6376 §3.5); null hashes all.</param>
    public DkimBodyHasher(Canonicalization mode, long? limit = null)
    {
        this.limit = limit ?? long.MaxValue;
        canonicalizer = new BodyCanonicalizer(mode, Take);
    }

    /// <summary>Octets of the canonical body so far; the whole once finished, whatever the limit.</summary>
    public long CanonicalLength { get; private set; }

    /// <summary>Takes the next octets of the body.</summary>
    public void Append(ReadOnlySpan<byte> chunk) => canonicalizer.Append(chunk);

    /// <summary>Takes the next octets of the body, segment by segment.</summary>
    public void Append(in ReadOnlySequence<byte> chunk)
    {
        foreach (var segment in chunk)
        {
            canonicalizer.Append(segment.Span);
        }
    }

    /// <summary>Ends the body. Returns the 32 octets of its hash.</summary>
    public byte[] Finish()
    {
        canonicalizer.Finish();
        hash.AppendData(small.AsSpan(0, held));
        held = 0;
        return hash.GetHashAndReset();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        hash.Dispose();
        if (small.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(small);
            small = [];
        }
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        var room = limit - CanonicalLength;
        CanonicalLength += bytes.Length;
        if (room < bytes.Length)
        {
            bytes = bytes[..(int)Math.Max(room, 0)];
        }

        if (bytes.Length + held > small.Length || bytes.Length >= SmallPiece)
        {
            hash.AppendData(small.AsSpan(0, held));
            held = 0;
        }

        if (bytes.Length >= SmallPiece)
        {
            hash.AppendData(bytes);
            return;
        }

        bytes.CopyTo(small.AsSpan(held));
        held += bytes.Length;
    }
}
