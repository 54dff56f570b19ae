using System.Buffers;

namespace Gateway.Mail.Dkim;

/// <summary>How a published record relates to the key that we hold.</summary>
public enum DkimKeyMatch
{
    /// <summary>The record verifies what this key signs.</summary>
    Matches,

    /// <summary>The record holds another key.</summary>
    Differs,

    /// <summary>The record is revoked, malformed, or not for this use.</summary>
    Unusable,
}

/// <summary>
/// Looks at our own signatures with the eyes of a receiver before anything leaves: the octets handed over, and only the
/// public half of the key.
/// </summary>
public static class DkimSelfCheck
{
    /// <summary>Verifies what <see cref="DkimSigner"/> returned against the message that will follow it.</summary>
    /// <param name="signatureFields">The fields as returned by the signer.</param>
    /// <param name="message">The message that they are put in front of. Not copied.</param>
    /// <param name="records">
    /// For each signature, in order, the TXT value that receivers will see: the record fetched from DNS, or the
    /// <see cref="DkimKey.PublicRecord"/> kept when the key was made. A wrong private key in memory fails here.
    /// </param>
    /// <param name="now">The clock the message was signed by.</param>
    /// <returns>One verdict for each record; anything but a pass that covers From and body must not leave.</returns>
    public static IReadOnlyList<DkimVerdict> Check(
        ReadOnlyMemory<byte> signatureFields,
        ReadOnlySequence<byte> message,
        IReadOnlyList<string> records,
        DateTimeOffset now
    )
    {
        var signed = new SignedMessage(HeaderSection.Split(SequencePart.Join(signatureFields, message)));
        var indices = DkimVerifier.SignatureIndices(signed.Section, records.Count).ToArray();
        return
        [
            .. records.Select(
                (record, i) =>
                    i < indices.Length
                        ? Check(signed, indices[i], record, now)
                        : new DkimVerdict(DkimStatus.PermError, "fewer signatures than records")
            ),
        ];
    }

    /// <summary>Whether the record that DNS shows verifies what this key signs.</summary>
    /// <param name="key">The key in memory.</param>
    /// <param name="publishedRecord">The TXT value as fetched.</param>
    /// <param name="reason">Why not, in plain words; empty if it matches.</param>
    public static DkimKeyMatch Compare(DkimKey key, string publishedRecord, out string reason)
    {
        if (!KeyRecord.TryRead(publishedRecord, out var published, out var refusal))
        {
            reason = refusal.Reason;
            return DkimKeyMatch.Unusable;
        }

        // A trial signature, not a comparison of texts: spacing, tag order and key wrapping may differ.
        var trial = new byte[32];
        var sameType = published.IsEd25519 == (key.Algorithm == DkimAlgorithm.Ed25519Sha256);
        var matches = sameType && published.Verify(trial, key.Sign(trial));
        reason = matches ? "" : "the published record holds another key";
        return matches ? DkimKeyMatch.Matches : DkimKeyMatch.Differs;
    }

    private static DkimVerdict Check(SignedMessage signed, int index, string record, DateTimeOffset now)
    {
        var tags = DkimVerifier.Read(signed.Section, index);
        return SignatureCheck.BeforeKey(tags, now, TimeSpan.Zero)
            ?? SignatureCheck.WithKey(signed, tags, index, DkimKeyLookup.Found(record));
    }
}
