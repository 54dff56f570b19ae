using static Gateway.Mail.Outcome;
using static Gateway.Mail.OutcomeScope;

namespace Gateway.Mail.Smtp.Classifying;

/// <summary>The last word: stage, hop and basic code (RFC 5321 §4.2.2, RFC 4954 §6, RFC 7504). Every reply ends here.</summary>
internal static class CodeRules
{
    private const SmtpHop Relay = SmtpHop.SubmissionRelay;

    public static readonly ReplyRule[] All =
    [
        // Nothing of a message was sent: the path is to blame, and going elsewhere is safe.
        new("code/login-deferred", PathThrottled, Account) { Code = "454", At = Stages.Login },
        new("code/password-transition", PathThrottled, Account) { Code = "432", At = Stages.Login },
        new("code/session-mx-no-mail", RecipientPermanent, RemoteDomain)
        {
            Code = "521",
            At = Stages.Session,
            Hop = SmtpHop.RemoteMx,
        },
        new("code/login", PathDown, Account) { At = Stages.Login },
        new("code/session", PathDown, Account) { At = Stages.Session, Hop = Relay },
        new("code/session-mx-deferred", RecipientTemporary, RemoteDomain) { Code = "4", At = Stages.Session },
        new("code/session-mx", PathBlocked, RemoteDomain) { At = Stages.Session },
        new("code/closing", PathThrottled, Account) { Code = "421", Hop = Relay },
        new("code/closing-mx", RecipientTemporary, RemoteDomain) { Code = "421" },
        new("code/auth-demanded", PathDown, Account) { Code = "530" },
        new("code/auth", PathDown, Account) { Code = "53" },
        new("code/login-lost", PathThrottled, Account) { Code = "454", Hop = Relay },
        new("code/null-mx", RecipientPermanent, RemoteDomain) { Code = "556", At = Stages.Recipient },
        new("code/no-mail", PathDown, Account) { Code = "521", Hop = Relay },
        new("code/no-mail-mx", RecipientPermanent, RemoteDomain) { Code = "521", At = Stages.Recipient },
        new("code/parameters", MessagePermanent, Message) { Code = "555" },
        new("code/syntax", AdapterBug, Message) { Code = "50" },
        new("code/queueing", PathThrottled, Account) { Code = "455" },
        new("code/size", MessagePermanent, Message) { Code = "552", At = Stages.Sender | Stages.Message },
        new("code/full", RecipientTemporary, Recipient) { Code = "552", At = Stages.Recipient },
        new("code/sender", PathDown, Identity) { Code = "5", At = Stages.Sender },
        new("code/sender-deferred", PathThrottled, Account)
        {
            Code = "4",
            At = Stages.Sender,
            Hop = Relay,
        },
        // A bare 550 means no mailbox (RFC 5321 §4.2.3), unless its words speak of a rule and not of a person.
        new(
            "code/rule",
            PathBlocked,
            RemoteDomain,
            "policy",
            "policies",
            "denied",
            "refuse",
            "reject",
            "prohibited",
            "not allowed",
            "not accepted",
            "not permitted",
            "forbidden",
            "unauthorized",
            "try later",
            "try again"
        )
        {
            Code = "55",
            At = Stages.Recipient,
            Hop = SmtpHop.RemoteMx,
        },
        new("code/not-local", RecipientPermanent, Recipient) { Code = "551", At = Stages.Recipient },
        new("code/mailbox-name", RecipientPermanent, Recipient) { Code = "553", At = Stages.Recipient },
        // A smart host that refuses an address without a word about it may refuse us: never a tenant's bounce.
        new("code/rcpt-relay", PathBlocked, Account)
        {
            Code = "5",
            At = Stages.Recipient,
            Hop = Relay,
        },
        new("code/no-mailbox", RecipientPermanent, Recipient) { Code = "550", At = Stages.Recipient },
        new("code/rcpt", PathBlocked, RemoteDomain) { Code = "5", At = Stages.Recipient },
        new("code/local-error", PathThrottled, Account) { Code = "451", Hop = Relay },
        new("code/storage", PathThrottled, Account)
        {
            Code = "452",
            At = Stages.Message,
            Hop = Relay,
        },
        new("code/deferred", RecipientTemporary, Recipient) { Code = "4" },
        new("code/message", MessagePermanent, Message) { Code = "5", At = Stages.Message },
        new("code/unexpected", AdapterBug, Message) { At = Stages.All },
    ];
}
