using static Gateway.Mail.Outcome;
using static Gateway.Mail.OutcomeScope;

namespace Gateway.Mail.Smtp.Classifying;

/// <summary>Sentences about what the message holds, about who sends it, and about how fast.</summary>
internal static class ContentPhraseRules
{
    public static readonly ReplyRule[] All =
    [
        new(
            "phrase/content",
            ContentRefused,
            Message,
            "virus",
            "malware",
            "infected",
            "phish",
            "spam message",
            "message & spam",
            "spam content",
            "considered spam",
            "classified as spam",
            "identified as spam",
            "detected as spam",
            "looks like spam",
            "appears to be spam",
            "rejected as spam",
            "high spam",
            "spam score",
            "spam detected",
            "content rejected",
            "content filter",
            "message filtered",
            "mail filtered",
            "message content",
            "prohibited content",
            "banned content",
            "blocked attachment",
            "attachment & not allowed",
            "attachment & blocked",
            "file type & not allowed",
            "url & listed"
        )
        {
            Code = "5",
            At = Stages.Recipient | Stages.Message,
        },
        new("phrase/spam-source", PathBlocked, Ip, "spam", "abuse", "blocked", "banned")
        {
            Code = "5",
            At = Stages.All,
        },
        new(
            "phrase/sender",
            PathDown,
            Identity,
            "sender address rejected",
            "sender rejected",
            "sender denied",
            "sender not allowed",
            "sender verify failed",
            "sender verification failed",
            "sender domain",
            "domain of sender address",
            "invalid sender",
            "unknown sender",
            "from address not"
        )
        {
            Code = "5",
            At = Stages.Sender | Stages.Recipient,
        },
        new("phrase/too-many-recipients", RecipientTemporary, Recipient, "too many recipients") { Code = "4" },
        new(
            "phrase/path-rate",
            PathThrottled,
            Account,
            "rate limit",
            "too many messages",
            "too many connections",
            "too fast",
            "throttl",
            "slow down"
        )
        {
            Code = "4",
            At = Stages.All,
        },
        new(
            "phrase/path-rate-final",
            PathThrottled,
            Account,
            "too many recipients this hour",
            "too many messages",
            "too many emails",
            "rate limit",
            "hourly limit",
            "per hour limit"
        )
        {
            Code = "5",
            At = Stages.All,
        },
        new("phrase/expired", RecipientTemporary, RemoteDomain, "delivery time expired", "message expired"),
    ];
}
