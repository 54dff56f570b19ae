using Gateway.Mail.Bounces;
using Gateway.Secrets;

namespace Gateway.ReturnMail;

/// <summary>What an address of the bounce domain is for. Seed mail and DMARC reports will be further kinds.</summary>
public enum ReturnKind
{
    /// <summary>Reports on one attempt of one delivery.</summary>
    Bounce,

    /// <summary>A recipient's mail program asks to be written to no more (RFC 2369 §3.2).</summary>
    Unsubscribe,

    /// <summary>Postmaster, abuse and wherever feedback loops are registered to: names no delivery, the mail does.</summary>
    Report,
}

/// <param name="DeliveryId">Zero where the address does not tell it.</param>
/// <param name="Attempt">0 where the address does not tell it.</param>
public readonly record struct ReturnTarget(ReturnKind Kind, Guid DeliveryId, int Attempt);

/// <summary>
/// Our own addresses: each names a delivery under a mac, so that nobody can invent one, and the invented is refused
/// without any look-up. Local parts are read without regard to case: hosts fold them.
/// </summary>
public sealed class ReturnAddresses
{
    private const string BouncePurpose = "gateway/verp";
    private const string UnsubscribePurpose = "gateway/unsubscribe-mail";

    // With a token of VerpAddresses.Length behind it the 64 octets of RFC 5321 §4.5.3.1.1.
    private const string UnsubscribePrefix = "unsubscribe+";

    private readonly VerpAddresses bounces;
    private readonly VerpAddresses unsubscribes;
    private readonly byte current;

    /// <param name="ring">The newest epoch signs, all of them verify.</param>
    /// <param name="domain">An A-label in lower case.</param>
    public ReturnAddresses(KeyRing ring, string domain)
    {
        Domain = domain;
        current = (byte)ring.CurrentEpoch[0];
        (bounces, unsubscribes) = (Under(ring, BouncePurpose), Under(ring, UnsubscribePurpose));
    }

    /// <summary>All that we take mail for.</summary>
    public string Domain { get; }

    /// <summary>The MAIL FROM of an attempt.</summary>
    public string Bounce(Guid delivery, int attempt) =>
        $"{bounces.Create(new VerpId(delivery, (ushort)Math.Clamp(attempt, 0, ushort.MaxValue), current))}@{Domain}";

    /// <summary>Where a recipient's mail program writes to.</summary>
    public string Unsubscribe(Guid delivery) =>
        $"{UnsubscribePrefix}{unsubscribes.Create(new VerpId(delivery, 0, current))}@{Domain}";

    /// <summary>What the address is for; null for every address that we did not make.</summary>
    public ReturnTarget? Read(ReadOnlySpan<char> localPart, ReadOnlySpan<char> ofDomain)
    {
        if (!ofDomain.Equals(Domain, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        if (bounces.TryVerify(localPart, out var bounced))
        {
            return new ReturnTarget(ReturnKind.Bounce, bounced.Delivery, bounced.Attempt);
        }

        return
            localPart.Length == UnsubscribePrefix.Length + VerpAddresses.Length
            && localPart.StartsWith(UnsubscribePrefix, StringComparison.OrdinalIgnoreCase)
            && unsubscribes.TryVerify(localPart[UnsubscribePrefix.Length..], out var left)
            ? new ReturnTarget(ReturnKind.Unsubscribe, left.Delivery, 0)
            : null;
    }

    private static VerpAddresses Under(KeyRing ring, string purpose)
    {
        var keys = ring.Epochs.ToDictionary(epoch => (byte)epoch[0], epoch => ring.Derive(epoch, purpose)!);
        return new VerpAddresses(keys.GetValueOrDefault);
    }
}
