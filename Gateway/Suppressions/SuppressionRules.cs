using Gateway.Mail;

namespace Gateway.Suppressions;

/// <summary>
/// What an event means for its address; pure. Only what the recipient's side said of the recipient counts: what was a
/// path's, a message's or our own fault never suppresses anybody (I3).
/// </summary>
public static class SuppressionRules
{
    public const string Transactional = "transactional";
    public const string Broadcast = "broadcast";

    /// <summary>Every stream there is: an address that does not exist has none that works.</summary>
    public static readonly IReadOnlyList<string> Streams = [Transactional, Broadcast];

    /// <summary>Event types that <see cref="Decide"/> has something to say about; the index over events names the same.</summary>
    public static readonly IReadOnlyList<string> Types =
    [
        "bounced",
        "complained",
        "unsubscribed",
        "delivered",
        "expired",
    ];

    /// <summary>Null where nothing follows.</summary>
    public static AddressNews? Decide(AddressFact fact, SuppressionOptions options) =>
        fact.Type switch
        {
            "delivered" => new AddressNews.Arrived(),
            "complained" => Word(SuppressionReason.Complaint, fact),
            "unsubscribed" => Word(SuppressionReason.Unsubscribe, fact),
            // 72 hours of the recipient's side saying "later"; a tenant's own deadline says nothing of the address.
            "expired" when fact.Cause == "ttl" => new AddressNews.Failed(),
            "bounced" when fact.Cause == "recipient" => Bounce(fact, options),
            _ => null,
        };

    private static AddressNews? Bounce(AddressFact fact, SuppressionOptions options) =>
        fact.ProviderList switch
        {
            SuppressionReason.Complaint or SuppressionReason.Unsubscribe => Word(fact.ProviderList, fact),
            // Its list is of its own bounces, and it would refuse the next mail as well.
            "bounce" or "invalid" => Hard(options),
            _ when IsHard(fact) => Hard(options),
            _ when IsSoft(fact) => new AddressNews.Failed(),
            _ => null,
        };

    private static AddressNews.Suppress Hard(SuppressionOptions options) =>
        new(SuppressionReason.HardBounce, Streams, options.HardBounceFor);

    private static bool IsHard(AddressFact fact) =>
        fact.Class is "hard" || (fact.Class is null && fact.Outcome == nameof(Outcome.RecipientPermanent));

    private static bool IsSoft(AddressFact fact) =>
        fact.Class is "soft" or "full" || (fact.Class is null && fact.Outcome == nameof(Outcome.RecipientTemporary));

    /// <summary>
    /// A person's word holds until somebody lifts it. About a broadcast it is about broadcasts: who wants no newsletter
    /// still wants the password mail. About a transactional mail it is about both, and the same where the tenant says so.
    /// </summary>
    private static AddressNews.Suppress Word(string reason, AddressFact fact) =>
        new(reason, fact.AllStreams || fact.Stream == Transactional ? Streams : [Broadcast], For: null);
}
