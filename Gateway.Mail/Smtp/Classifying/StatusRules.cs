using static Gateway.Mail.Outcome;
using static Gateway.Mail.OutcomeScope;

namespace Gateway.Mail.Smtp.Classifying;

/// <summary>Enhanced codes (RFC 3463 and the IANA registry) where no text decided. A 5.7.x never blames the recipient.</summary>
internal static class StatusRules
{
    private const Stages RcptOrLater = Stages.Recipient | Stages.Message;

    public static readonly ReplyRule[] All =
    [
        new("status/size", MessagePermanent, Message) { Status = "5.3.4" },
        new("status/size-mailbox", MessagePermanent, Message) { Status = "5.2.3" },
        new("status/sender", PathDown, Identity) { Status = "5.1.7-8" },
        new("status/sender-deferred", PathThrottled, Identity) { Status = "4.1.7-8" },
        new("status/login", PathDown, Account) { Status = "5.7.8-14", At = Stages.All },
        new("status/tls-demanded", PathDown, Account)
        {
            Status = "5.7.0",
            Code = "530",
            At = Stages.All,
        },
        new("status/owner-changed", RecipientPermanent, Recipient) { Status = "5.7.17-18" },
        new("status/priority", MessagePermanent, Message) { Status = "5.7.15-16" },
        new("status/authentication", PathBlocked, Identity) { Status = "x.7.20-24" },
        new("status/ptr", PathBlocked, Ip) { Status = "x.7.25" },
        new("status/authentication-all", PathBlocked, Identity) { Status = "x.7.26-27" },
        new("status/flood", PathThrottled, Ip) { Status = "x.7.28" },
        new("status/gmail-tls-dkim", PathBlocked, Identity) { Status = "x.7.29-32" },
        new("status/crypto", MessagePermanent, Message) { Status = "5.7.3-7" },
        new("status/list", RecipientPermanent, Identity) { Status = "5.7.2" },
        new("status/mailbox-full", RecipientTemporary, Recipient) { Status = "x.2.2", At = RcptOrLater },
        new("status/relay-full", PathThrottled, Account)
        {
            Status = "4.3.0-1",
            Hop = SmtpHop.SubmissionRelay,
            At = Stages.Sender | Stages.Message,
        },
        new("status/system-full", RecipientTemporary, RemoteDomain) { Status = "x.3.1", At = RcptOrLater },
        new("status/too-many-recipients", RecipientTemporary, Recipient) { Status = "4.5.3" },
        new("status/too-many-recipients-final", AdapterBug, Message) { Status = "5.5.3" },
        new("status/no-mail-here", RecipientTemporary, RemoteDomain) { Status = "x.3.2", At = RcptOrLater },
        new("status/misconfigured", PathDown, Account) { Status = "5.3.5", Hop = SmtpHop.SubmissionRelay },
        new("status/misconfigured-mx", PathBlocked, RemoteDomain) { Status = "5.3.5" },
        new("status/feature", MessagePermanent, Message) { Status = "5.3.3" },
        new("status/feature-conversion", MessagePermanent, Message) { Status = "5.3.6" },
        new("status/relay-route", PathThrottled, Account) { Status = "4.4.0-5", Hop = SmtpHop.SubmissionRelay },
        new("status/route-deferred", RecipientTemporary, RemoteDomain) { Status = "4.4.0-6" },
        new("status/no-route", RecipientPermanent, RemoteDomain) { Status = "5.4.4", At = RcptOrLater },
        new("status/network", RecipientTemporary, RemoteDomain) { Status = "5.4.0-3", At = RcptOrLater },
        new("status/congestion", RecipientTemporary, RemoteDomain) { Status = "5.4.5", At = RcptOrLater },
        new("status/loop", MessagePermanent, Message) { Status = "5.4.6", At = RcptOrLater },
        new("status/expired", RecipientTemporary, RemoteDomain) { Status = "x.4.7" },
        new("status/ipv4", PathThrottled, Ip) { Status = "x.4.8" },
        new("status/protocol", AdapterBug, Message) { Status = "5.5.1-2" },
        new("status/protocol-arguments", AdapterBug, Message) { Status = "5.5.4-6" },
        new("status/content", MessagePermanent, Message) { Status = "5.6.0-11" },
        new("status/null-mx", RecipientPermanent, Recipient) { Status = "5.1.10", At = RcptOrLater },
        new("status/address", RecipientPermanent, Recipient) { Status = "5.1.0-6", At = RcptOrLater },
        new("status/mailbox-disabled", RecipientPermanent, Recipient) { Status = "5.2.1", At = RcptOrLater },
        new("status/mailbox", RecipientPermanent, Recipient) { Status = "5.2.0", At = Stages.Recipient },
        new("status/list-expansion", RecipientTemporary, Recipient) { Status = "x.2.4" },
        new("status/address-deferred", RecipientTemporary, Recipient)
        {
            Status = "4.1.0-999",
            Code = "4",
            At = RcptOrLater,
        },
        new("status/mailbox-deferred", RecipientTemporary, Recipient)
        {
            Status = "4.2.0-999",
            Code = "4",
            At = RcptOrLater,
        },
        new("status/policy-deferred", PathThrottled, Account)
        {
            Status = "4.7.0-999",
            Hop = SmtpHop.SubmissionRelay,
            At = Stages.Sender | Stages.Message,
        },
        new("status/policy-deferred-mx", RecipientTemporary, Recipient) { Status = "4.7.0-999", At = RcptOrLater },
        new("status/policy-sender", PathDown, Identity)
        {
            Status = "5.7.0-999",
            Hop = SmtpHop.SubmissionRelay,
            At = Stages.Sender,
        },
        new("status/policy-relay", PathBlocked, Account) { Status = "5.7.0-999", Hop = SmtpHop.SubmissionRelay },
        new("status/policy", PathBlocked, RemoteDomain) { Status = "5.7.0-999" },
    ];
}
