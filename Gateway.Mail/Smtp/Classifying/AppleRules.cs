using static Gateway.Mail.Outcome;
using static Gateway.Mail.OutcomeScope;

namespace Gateway.Mail.Smtp.Classifying;

/// <summary>iCloud. The bracketed tag tells the reason.</summary>
internal static class AppleRules
{
    public static readonly ReplyRule[] All =
    [
        new("apple/no-alias", RecipientPermanent, Recipient, "inactive email address", "unknown or illegal alias"),
        new("apple/over-quota", RecipientTemporary, Recipient, "user is over quota"),
        new("apple/unauthenticated", PathBlocked, Identity, "[hme1]", "failing both spf and dkim"),
        new("apple/content", ContentRefused, Message, "[cs01]") { Code = "5" },
        new("apple/volume", PathThrottled, Ip, "deferred due to excessive volume") { At = Stages.All },
    ];
}
