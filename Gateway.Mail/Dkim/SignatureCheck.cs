using System.Security.Cryptography;

namespace Gateway.Mail.Dkim;

/// <summary>The decision on one signature (RFC 6376 §6.1), step by step and without I/O.</summary>
internal static class SignatureCheck
{
    private const int MaxRecords = 4; // §6.1.2: with several records the verifier may try them; no more than these

    /// <summary>What can be said before the key is known; null if the key is needed.</summary>
    public static DkimVerdict? BeforeKey(SignatureTags tags, DateTimeOffset now, TimeSpan clockSkew)
    {
        if (tags.Problem.Length > 0)
        {
            return Verdict(tags, DkimStatus.PermError, tags.Problem);
        }

        // RFC 8301 §3.1: rsa-sha1 must not be verified.
        if (tags.Algorithm == "rsa-sha1")
        {
            return Verdict(tags, DkimStatus.Policy, "rsa-sha1 is not accepted");
        }

        var seconds = now.ToUnixTimeSeconds();
        var skew = (long)clockSkew.TotalSeconds;
        if (tags.ExpiresAt < seconds - skew)
        {
            return Verdict(tags, DkimStatus.Fail, "signature expired"); // §3.5 x=
        }

        return tags.SignedAt > seconds + skew
            ? Verdict(tags, DkimStatus.Policy, "signature is from the future") // §3.5 t=
            : null;
    }

    /// <summary>The verdict once DNS has answered.</summary>
    public static DkimVerdict WithKey(SignedMessage message, SignatureTags tags, int index, in DkimKeyLookup answer)
    {
        if (answer.IsTemporary)
        {
            return Verdict(tags, DkimStatus.TempError, "key could not be fetched"); // §6.1.2
        }

        var verdict = Verdict(tags, DkimStatus.PermError, "no key for signature");
        foreach (var record in answer.Records.Take(MaxRecords))
        {
            verdict = WithRecord(message, tags, index, record);
            if (verdict.Status == DkimStatus.Pass)
            {
                break;
            }
        }

        return verdict;
    }

    private static DkimVerdict WithRecord(SignedMessage message, SignatureTags tags, int index, string record)
    {
        if (!KeyRecord.TryRead(record, out var key, out var refusal))
        {
            return Verdict(tags, refusal.Status, refusal.Reason) with { KeyBits = refusal.KeyBits };
        }

        var verdict = Verdict(tags, DkimStatus.Pass, "") with { KeyBits = key.Bits, KeyInTestMode = key.IsTesting };
        if (key.IsEd25519 != (tags.Algorithm == "ed25519-sha256"))
        {
            return verdict with { Status = DkimStatus.PermError, Reason = "key is of another type than a=" };
        }

        // §3.6.1 t=s: no subdomains in i=.
        if (key.IsStrict && tags.IdentityDomain != tags.Domain)
        {
            return verdict with { Status = DkimStatus.PermError, Reason = "i= is a subdomain and the key forbids it" };
        }

        var (bodyHash, length) = message.HashBody(tags.Body, tags.BodyLength);
        if (tags.BodyLength > length)
        {
            return verdict with { Status = DkimStatus.PermError, Reason = "l= is longer than the body" }; // §3.5 l=
        }

        verdict = verdict with { UncoveredBodyBytes = length - (tags.BodyLength ?? length) };
        if (!CryptographicOperations.FixedTimeEquals(bodyHash, tags.BodyHash))
        {
            return verdict with { Status = DkimStatus.Fail, Reason = "body hash did not verify" };
        }

        if (!key.Verify(message.HashHeaders(tags, index), tags.Signature))
        {
            return verdict with { Status = DkimStatus.Fail, Reason = "signature did not verify" };
        }

        return Coverage.Describe(message, tags, verdict);
    }

    private static DkimVerdict Verdict(SignatureTags tags, DkimStatus status, string reason) =>
        new(status, reason)
        {
            Domain = tags.Domain,
            Selector = tags.Selector,
            Identity = tags.Identity,
            Algorithm = tags.Algorithm,
            UsesBodyLength = tags.BodyLength is not null,
        };
}
