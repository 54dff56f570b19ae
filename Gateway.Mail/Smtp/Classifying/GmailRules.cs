using static Gateway.Mail.Outcome;
using static Gateway.Mail.OutcomeScope;

namespace Gateway.Mail.Smtp.Classifying;

/// <summary>Gmail and Workspace (knowledge.workspace.google.com, SMTP errors). Texts end in a session id and <c>gsmtp</c>.</summary>
internal static class GmailRules
{
    public static readonly ReplyRule[] All =
    [
        new(
            "gmail/over-quota-inactive",
            RecipientPermanent,
            Recipient,
            "out of storage space and inactive",
            "overquotaperm"
        ),
        new("gmail/over-quota", RecipientTemporary, Recipient, "out of storage space", "overquotatemp"),
        new("gmail/no-account", RecipientPermanent, Recipient, "account that you tried to reach does not exist"),
        new(
            "gmail/disabled",
            RecipientPermanent,
            Recipient,
            "account that you tried to reach is disabled",
            "account that you tried to reach is inactive",
            "account that you tried to reach has been disabled"
        ),
        new(
            "gmail/recipient-rate",
            RecipientTemporary,
            Recipient,
            "receiving mail too quickly",
            "receiving mail at a rate that prevents",
            "receiving email at a rate that prevents",
            "receiving email too quickly"
        ),
        new("gmail/same-message-id", PathThrottled, Identity, "same message-id"),
        new(
            "gmail/dmarc",
            PathBlocked,
            Identity,
            "not accepted due to domain's dmarc policy",
            "fails to pass authentication checks",
            "message is unauthenticated",
            "mail is unauthenticated",
            "this mail has been blocked because the sender is unauthenticated",
            "unauthenticated email from"
        ),
        new(
            "gmail/unauthenticated",
            PathBlocked,
            Identity,
            "did not pass & spf",
            "did not pass & dkim",
            "spf authentication didn't pass",
            "dkim authentication didn't pass",
            "from: header & isn't aligned",
            "from header & not aligned"
        ),
        new(
            "gmail/ptr",
            PathBlocked,
            Ip,
            "does not have a ptr record",
            "ptr record & does not match",
            "missing a ptr record"
        ),
        new(
            "gmail/no-tls",
            PathBlocked,
            Account,
            "not sent over a tls",
            "wasn't sent over a tls",
            "tls connection & required"
        ),
        new(
            "gmail/rate",
            PathThrottled,
            Ip,
            "gmail has detected an unusual rate",
            "detected an unusual rate of",
            "unusual rate of unsolicited mail",
            "unsolicited mail originating from your ip address & rate limit"
        )
        {
            Code = "4",
        },
        new("gmail/low-reputation", PathBlocked, Ip, "very low reputation of the sending ip"),
        new("gmail/low-domain-reputation", PathBlocked, Identity, "very low reputation of the sending domain"),
        new(
            "gmail/unsolicited",
            PathBlocked,
            Ip,
            "likely unsolicited mail",
            "likely suspicious due to the very low reputation"
        ),
        new("gmail/security-issue", ContentRefused, Message, "content presents a potential security issue"),
        new(
            "gmail/malformed",
            MessagePermanent,
            Message,
            "not rfc 5322 compliant",
            "not compliant with rfc 5322",
            "not rfc 2822 compliant",
            "mail message is malformed"
        ),
        new(
            "gmail/too-big",
            MessagePermanent,
            Message,
            "exceeded google's message size limits",
            "exceeded google's message header",
            "exceeds & limit on the number of attachments",
            "header size exceeds"
        ),
        new("gmail/hops", MessagePermanent, Message, "message exceeded 50 hops"),
        new(
            "gmail/relay-quota",
            PathDown,
            Account,
            "daily sending quota exceeded",
            "daily user sending limit exceeded",
            "daily user sending quota exceeded",
            "daily smtp relay limit exceeded",
            "daily smtp relay sending limit exceeded"
        ),
        new("gmail/relay-peak", PathThrottled, Account, "peak smtp relay limit exceeded"),
        new(
            "gmail/login",
            PathDown,
            Account,
            "username and password not accepted",
            "application-specific password required",
            "please log in & web browser",
            "too many login attempts",
            "invalid credentials for relay",
            "must issue a starttls command first"
        )
        {
            At = Stages.All,
        },
    ];
}
