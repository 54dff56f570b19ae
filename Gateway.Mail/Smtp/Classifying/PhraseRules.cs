using static Gateway.Mail.Outcome;
using static Gateway.Mail.OutcomeScope;

namespace Gateway.Mail.Smtp.Classifying;

/// <summary>
/// Sentences that many servers share, asked after the families and before the numbers. Blocks come before unknown
/// users: "550 user unknown or blocked" must cost a retry elsewhere, never a good address.
/// </summary>
internal static class PhraseRules
{
    public static readonly ReplyRule[] All =
    [
        new(
            "phrase/greylist",
            RecipientTemporary,
            Recipient,
            "greylist",
            "graylist",
            "grey list",
            "gray list",
            "greytrap",
            "please retry in",
            "try again in"
        )
        {
            Code = "4",
            At = Stages.Sender | Stages.Recipient | Stages.Message,
            Retry = TimeSpan.FromMinutes(5),
        },
        new(
            "phrase/too-big",
            MessagePermanent,
            Message,
            "message size exceeds",
            "message too big",
            "message too large",
            "message is too large",
            "message exceeds fixed",
            "message exceeds & size",
            "size limit exceeded",
            "exceeds maximum message size",
            "exceeds size limit",
            "maximum message size",
            "message length exceeds"
        )
        {
            Code = "5",
        },
        new("phrase/utf8", MessagePermanent, Message, "smtputf8", "internationalized email") { Code = "5" },
        new(
            "phrase/mailbox-full",
            RecipientTemporary,
            Recipient,
            "mailbox full",
            "mailbox is full",
            "mailbox quota",
            "quota exceeded for",
            "over quota",
            "overquota",
            "over the quota",
            "exceeded storage allocation",
            "exceeded & quota",
            "quota & exceeded",
            "insufficient space",
            "not enough storage",
            "mailbox size limit"
        )
        {
            Status = "x.2.0-999",
        },
        new(
            "phrase/mailbox-full-plain",
            RecipientTemporary,
            Recipient,
            "mailbox full",
            "mailbox is full",
            "mailbox & over quota",
            "mailbox & quota exceeded",
            "user is over quota",
            "user over quota",
            "exceeded storage allocation"
        )
        {
            At = Stages.Recipient | Stages.Message,
        },
        new(
            "phrase/listed",
            PathBlocked,
            Ip,
            "spamhaus",
            "spamcop",
            "barracudacentral",
            "sorbs",
            "dnsbl",
            " rbl",
            "blacklist",
            "black list",
            "blocklist",
            "block list",
            "blocked using",
            "listed in",
            "listed at",
            "listed by",
            "poor reputation",
            "bad reputation",
            "low reputation",
            "ip reputation",
            "senderscore",
            "reverse dns",
            "reverse hostname",
            "ptr record",
            "cannot find your hostname",
            "client host rejected",
            "your ip",
            "ip address & blocked",
            "access from ip address"
        )
        {
            At = Stages.All,
            Code = "5",
        },
        new(
            "phrase/listed-deferred",
            PathThrottled,
            Ip,
            "reputation",
            "spamhaus",
            "dnsbl",
            "blocklist",
            "too many connections"
        )
        {
            At = Stages.All,
            Code = "4",
        },
        new(
            "phrase/unauthenticated",
            PathBlocked,
            Identity,
            "dmarc",
            "spf fail",
            "spf check",
            "spf hardfail",
            "spf: fail",
            "failed spf",
            "does not pass spf",
            "sender policy framework",
            "dkim"
        )
        {
            Code = "5",
        },
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
            At = Stages.Message,
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
        new(
            "phrase/no-such-user",
            RecipientPermanent,
            Recipient,
            "user unknown",
            "unknown user",
            "no such user",
            "no such mailbox",
            "no such recipient",
            "no such address",
            "no such account",
            "no mailbox here",
            "no mailbox by that name",
            "mailbox not found",
            "mailbox does not exist",
            "mailbox doesn't exist",
            "mailbox unknown",
            "unknown mailbox",
            "unknown recipient",
            "recipient unknown",
            "recipient not found",
            "recipient does not exist",
            "recipient & does not exist",
            "user not found",
            "user does not exist",
            "user doesn't exist",
            "user & does not exist",
            "does not exist here",
            "address does not exist",
            "account does not exist",
            "email account & does not exist",
            "address unknown",
            "unknown address",
            "unknown local part",
            "unrouteable address",
            "unroutable address",
            "invalid mailbox",
            "invalid recipient",
            "invalid address",
            "bad destination mailbox",
            "not our customer",
            "not a valid mailbox",
            "no valid mailbox",
            "isn't a valid user",
            "unknown in virtual",
            "unknown in local recipient",
            "unknown in relay recipient"
        )
        {
            Code = "5",
            At = Stages.Recipient | Stages.Message,
        },
        new(
            "phrase/disabled",
            RecipientPermanent,
            Recipient,
            "mailbox disabled",
            "mailbox is disabled",
            "mailbox is inactive",
            "mailbox inactive",
            "mailbox has been disabled",
            "account is disabled",
            "account disabled",
            "account has been disabled",
            "account inactive",
            "account is inactive",
            "user disabled",
            "user is disabled",
            "account closed",
            "no longer valid",
            "no longer available",
            "no longer active",
            "no longer exists",
            "no longer accepts"
        )
        {
            Code = "5",
            At = Stages.Recipient,
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
        new("phrase/expired", RecipientTemporary, RemoteDomain, "delivery time expired", "message expired"),
    ];
}
