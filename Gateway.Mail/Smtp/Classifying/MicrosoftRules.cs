using static Gateway.Mail.Outcome;
using static Gateway.Mail.OutcomeScope;

namespace Gateway.Mail.Smtp.Classifying;

/// <summary>Exchange Online and outlook.com. Their detail numbers are their own, so most lines go by status.</summary>
internal static class MicrosoftRules
{
    public static readonly ReplyRule[] All =
    [
        new(
            "microsoft/not-found",
            RecipientPermanent,
            Recipient,
            "exrecipnotfound",
            "recipientnotfound",
            "resolver.adr."
        ),
        new("microsoft/edge-unknown", RecipientPermanent, Recipient, "recipient address rejected: access denied")
        {
            Code = "5",
        },
        new(
            "microsoft/mailbox-unavailable",
            RecipientPermanent,
            Recipient,
            "requested action not taken: mailbox unavailable"
        )
        {
            Code = "5",
        },
        new("microsoft/recipient-rate", RecipientTemporary, Recipient) { Status = "x.2.121-122" },
        new("microsoft/recipient-rate-text", RecipientTemporary, Recipient, "message receive limit exceeded"),
        new("microsoft/ip-deferred", PathThrottled, Ip) { Status = "4.7.500-699" },
        new("microsoft/ip-deferred-edge", PathThrottled, Ip) { Status = "4.7.850-899" },
        new(
            "microsoft/ip-rate",
            PathThrottled,
            Ip,
            "temporarily rate limited due to ip reputation",
            "exceeded the maximum number of connections"
        )
        {
            At = Stages.All,
        },
        new(
            "microsoft/block-list",
            PathBlocked,
            Ip,
            "part of their network is on our block list",
            "(s3140)",
            "(s3150)",
            "banned sending ip"
        )
        {
            At = Stages.All,
        },
        new("microsoft/banned-ip", PathBlocked, Ip) { Status = "5.7.606-649", At = Stages.All },
        new("microsoft/banned-sender", PathBlocked, Ip) { Status = "5.7.511", At = Stages.All },
        new("microsoft/tenant-spam", PathDown, Account) { Status = "5.7.501-503", At = Stages.All },
        new("microsoft/tenant-limit", PathDown, Account) { Status = "5.7.508", At = Stages.All },
        new("microsoft/tenant-threshold", PathDown, Account) { Status = "5.7.700-750", At = Stages.All },
        new(
            "microsoft/dmarc",
            PathBlocked,
            Identity,
            "does not pass dmarc",
            "does not meet the required authentication level"
        ),
        new("microsoft/dmarc-status", PathBlocked, Identity) { Status = "5.7.509" },
        new("microsoft/bulk-rule", PathBlocked, Identity) { Status = "5.7.515" },
        new("microsoft/rfc5322", MessagePermanent, Message) { Status = "5.7.512" },
        new("microsoft/bare-lf", MessagePermanent, Message) { Status = "5.6.11" },
        new("microsoft/closed-mailbox", RecipientPermanent, Identity) { Status = "5.7.124" },
        new("microsoft/closed-list", RecipientPermanent, Identity) { Status = "5.7.133-136" },
        new("microsoft/not-authenticated", PathDown, Account) { Status = "5.7.57", At = Stages.All },
        new("microsoft/not-your-sender", PathDown, Identity) { Status = "5.7.60", At = Stages.All },
        new("microsoft/tenant-attribution", PathDown, Account, "tenantattribution") { At = Stages.All },
        new("microsoft/tenant-attribution-status", PathDown, Account) { Status = "5.7.64", At = Stages.All },
        new("microsoft/login", PathDown, Account, "authentication unsuccessful") { At = Stages.All },
        new("microsoft/login-status", PathDown, Account) { Status = "5.7.139", At = Stages.All },
        new("microsoft/no-such-domain", RecipientPermanent, RemoteDomain) { Status = "5.4.310" },
        new("microsoft/expired", RecipientTemporary, RemoteDomain) { Status = "x.4.300" },
        new("microsoft/unreachable", RecipientTemporary, RemoteDomain) { Status = "x.4.316" },
        new("microsoft/dane", RecipientTemporary, RemoteDomain) { Status = "x.7.321-325" },
        new("microsoft/loop", MessagePermanent, RemoteDomain) { Status = "5.4.14" },
    ];
}
