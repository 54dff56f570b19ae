using static Gateway.Mail.Outcome;
using static Gateway.Mail.OutcomeScope;

namespace Gateway.Mail.Smtp.Classifying;

/// <summary>Yahoo and AOL. Here 552 can mean an unknown user.</summary>
internal static class YahooRules
{
    public static readonly ReplyRule[] All =
    [
        new("yahoo/permanently-deferred", PathBlocked, Ip, "[tss09]", "[tss11]", "will be permanently deferred")
        {
            At = Stages.All,
        },
        new("yahoo/deferred", PathThrottled, Ip, "[tss", "unexpected volume or user complaints", "[gl01]")
        {
            At = Stages.All,
            Code = "4",
            Retry = TimeSpan.FromHours(2),
        },
        new("yahoo/listed", PathBlocked, Ip, "[bl2", "[bl1", "[bl0") { At = Stages.All },
        new("yahoo/connection-full", PathThrottled, Ip, "max message per connection reached") { Code = "4" },
        new("yahoo/sender-domain", PathBlocked, Identity, "unresolvable rfc.5321 from domain"),
        new("yahoo/content", ContentRefused, Message, "[ph01]", "message not allowed -", "message not allowed –"),
        new("yahoo/unauthenticated", PathBlocked, Identity, "unauthenticated")
        {
            Status = "5.7.9",
            Hop = SmtpHop.RemoteMx,
        },
        new("yahoo/policy", ContentRefused, Message, "message not accepted for policy reasons"),
        new(
            "yahoo/no-account",
            RecipientPermanent,
            Recipient,
            "this user doesn't have a yahoo",
            "this user doesn't have a",
            "requested mail action aborted, mailbox not found",
            "mailbox is disabled"
        ),
    ];
}
