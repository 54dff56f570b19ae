using static Gateway.Mail.Outcome;
using static Gateway.Mail.OutcomeScope;

namespace Gateway.Mail.Smtp.Classifying;

/// <summary>
/// Sentences that many servers share, asked after the families and before the numbers. They come before those about
/// the recipient: "550 user unknown or blocked" must cost a retry elsewhere, never a good address.
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
        new("phrase/unauthenticated", PathBlocked, Identity, "dmarc", "spf", "sender policy framework", "dkim")
        {
            Code = "5",
        },
    ];
}
