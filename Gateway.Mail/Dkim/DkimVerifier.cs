using System.Buffers;

namespace Gateway.Mail.Dkim;

/// <summary>
/// Verifies DKIM signatures (RFC 6376 §6, RFC 8301, RFC 8463, RFC 8616). DNS is asked through a function, so there is
/// no I/O here and only the caller's function can throw. Thread-safe.
/// </summary>
public static class DkimVerifier
{
    private const int MaxQueryName = 253;

    /// <summary>One verdict for each of the first signatures, from the top; empty for an unsigned message.</summary>
    /// <param name="message">The message as received.</param>
    /// <param name="lookup">Fetches the TXT records of a name; asked once for a name.</param>
    /// <param name="now">Decides what has expired.</param>
    /// <param name="options">Limits; null for the defaults.</param>
    /// <param name="cancellation">Handed to <paramref name="lookup"/>.</param>
    public static Task<IReadOnlyList<DkimVerdict>> VerifyAsync(
        ReadOnlyMemory<byte> message,
        Func<string, CancellationToken, ValueTask<DkimKeyLookup>> lookup,
        DateTimeOffset now,
        DkimVerifierOptions? options = null,
        CancellationToken cancellation = default
    ) => VerifyAsync(new ReadOnlySequence<byte>(message), lookup, now, options, cancellation);

    /// <inheritdoc cref="VerifyAsync(ReadOnlyMemory{byte}, Func{string, CancellationToken, ValueTask{DkimKeyLookup}}, DateTimeOffset, DkimVerifierOptions?, CancellationToken)"/>
    public static async Task<IReadOnlyList<DkimVerdict>> VerifyAsync(
        ReadOnlySequence<byte> message,
        Func<string, CancellationToken, ValueTask<DkimKeyLookup>> lookup,
        DateTimeOffset now,
        DkimVerifierOptions? options = null,
        CancellationToken cancellation = default
    )
    {
        options ??= new DkimVerifierOptions();
        if (HeaderEnd.Find(message).HeaderLength > options.MaxHeaderBytes)
        {
            return [new DkimVerdict(DkimStatus.PermError, $"header is longer than {options.MaxHeaderBytes} octets")];
        }

        var signed = new SignedMessage(HeaderSection.Split(message));
        var answers = new Dictionary<string, DkimKeyLookup>(StringComparer.Ordinal);
        var verdicts = new List<DkimVerdict>();
        foreach (var index in SignatureIndices(signed.Section, options.MaxSignatures))
        {
            var tags = Read(signed.Section, index);
            if (SignatureCheck.BeforeKey(tags, now, options.ClockSkew) is { } early)
            {
                verdicts.Add(early);
                continue;
            }

            var name = $"{tags.Selector}._domainkey.{tags.Domain}"; // RFC 6376 §3.6.2.1
            if (!answers.TryGetValue(name, out var answer))
            {
                answer = name.Length > MaxQueryName ? DkimKeyLookup.None : await lookup(name, cancellation);
                answers.Add(name, answer);
            }

            verdicts.Add(SignatureCheck.WithKey(signed, tags, index, answer));
        }

        return verdicts;
    }

    internal static SignatureTags Read(HeaderSection section, int index)
    {
        var field = section.Fields[index];
        return SignatureTags.Read(section.Bytes.Slice(field.Start, field.Length));
    }

    internal static IEnumerable<int> SignatureIndices(HeaderSection section, int most)
    {
        for (var i = 0; i < section.Fields.Count && most > 0; i++)
        {
            if (section.Fields[i].IsNamed(section.Bytes.Span, "DKIM-Signature"))
            {
                most--;
                yield return i;
            }
        }
    }
}
