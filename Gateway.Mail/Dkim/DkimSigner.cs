using System.Buffers;

namespace Gateway.Mail.Dkim;

/// <summary>
/// Makes DKIM-Signature fields (RFC 6376 §5): never with l=, always with t= and x=. The body is read once however many
/// signatures are asked for, and never copied. Thread-safe.
/// </summary>
public static class DkimSigner
{
    /// <summary>Signs a whole message.</summary>
    /// <param name="message">Header section, empty line, body; exactly the octets that will leave.</param>
    /// <param name="signatures">One field is made for each, in this order.</param>
    /// <returns>The fields with their line ends, to be put in front of <paramref name="message"/>.</returns>
    /// <exception cref="ArgumentException">Options that cannot be signed with: a domain that is none, no From.</exception>
    public static byte[] Sign(ReadOnlySequence<byte> message, IReadOnlyList<DkimSigningOptions> signatures)
    {
        var section = HeaderSection.Split(message);
        var hashes = HashBody(section.Body, signatures);
        return Sign(section, mode => hashes[(int)mode]!, signatures);
    }

    /// <inheritdoc cref="Sign(ReadOnlySequence{byte}, IReadOnlyList{DkimSigningOptions})"/>
    public static byte[] Sign(ReadOnlyMemory<byte> message, IReadOnlyList<DkimSigningOptions> signatures) =>
        Sign(new ReadOnlySequence<byte>(message), signatures);

    /// <summary>Signs a message whose body went through a <see cref="DkimBodyHasher"/> while it was streamed.</summary>
    /// <param name="headerSection">The header section; what follows an empty line is not looked at.</param>
    /// <param name="bodyHash">The 32-octet hash of the body in the canonicalization that is asked for.</param>
    /// <param name="signatures">One field is made for each, in this order.</param>
    /// <returns>The fields with their line ends.</returns>
    /// <exception cref="ArgumentException">Options that cannot be signed with.</exception>
    public static byte[] SignHeaders(
        ReadOnlyMemory<byte> headerSection,
        Func<Canonicalization, byte[]> bodyHash,
        IReadOnlyList<DkimSigningOptions> signatures
    ) => Sign(HeaderSection.Split(new ReadOnlySequence<byte>(headerSection)), bodyHash, signatures);

    private static byte[] Sign(
        HeaderSection section,
        Func<Canonicalization, byte[]> bodyHash,
        IReadOnlyList<DkimSigningOptions> signatures
    )
    {
        using var fields = new PooledBytes(1024 * Math.Max(signatures.Count, 1));
        using var canonical = new PooledBytes(section.Bytes.Length + 1024);
        foreach (var options in signatures)
        {
            SignatureWriter.Write(section, options, bodyHash(options.Body), canonical, fields);
        }

        return fields.Written.ToArray();
    }

    private static byte[]?[] HashBody(ReadOnlySequence<byte> body, IReadOnlyList<DkimSigningOptions> signatures)
    {
        var hashes = new byte[]?[2];
        using var simple = Uses(Canonicalization.Simple) ? new DkimBodyHasher(Canonicalization.Simple) : null;
        using var relaxed = Uses(Canonicalization.Relaxed) ? new DkimBodyHasher(Canonicalization.Relaxed) : null;
        foreach (var segment in body)
        {
            simple?.Append(segment.Span);
            relaxed?.Append(segment.Span);
        }

        hashes[(int)Canonicalization.Simple] = simple?.Finish();
        hashes[(int)Canonicalization.Relaxed] = relaxed?.Finish();
        return hashes;

        bool Uses(Canonicalization mode)
        {
            foreach (var options in signatures)
            {
                if (options.Body == mode)
                {
                    return true;
                }
            }

            return false;
        }
    }
}
