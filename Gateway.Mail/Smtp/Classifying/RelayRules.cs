using static Gateway.Mail.Outcome;
using static Gateway.Mail.OutcomeScope;

namespace Gateway.Mail.Smtp.Classifying;

/// <summary>What submission services say to their customers: SendGrid, SES, Mailgun, Postmark, and plain Postfix or Exim.</summary>
internal static class RelayRules
{
    public static readonly ReplyRule[] All =
    [
        new("relay/credits", PathDown, Account, "maximum credits exceeded") { At = Stages.All },
        new(
            "relay/unverified-sender",
            PathDown,
            Identity,
            "does not match a verified sender identity",
            "unauthenticated senders not allowed",
            "email address is not verified",
            "address is not verified",
            "identity & not verified",
            "domain is unverified",
            "mail from domain not verified",
            "sender address rejected: not owned by user",
            "sender address rejected: not logged in",
            "not authorized to send from",
            "not allowed to send from",
            "sender signature & not found",
            "client does not have permissions to send as this sender"
        ),
        new("relay/daily-quota", PathDown, Account, "daily message quota exceeded", "daily sending limit exceeded"),
        // The recipient's own limit, passed on: no path of ours is too fast for others.
        new(
            "relay/recipient-rate",
            RecipientTemporary,
            Recipient,
            "recipient & hourly limit exceeded",
            "recipient & sending limit exceeded",
            "mailbox & hourly limit exceeded",
            "user & hourly limit exceeded",
            "receiving limit exceeded",
            "receive limit exceeded"
        )
        {
            At = Stages.Recipient | Stages.Message,
        },
        new(
            "relay/rate",
            PathThrottled,
            Account,
            "maximum sending rate exceeded",
            "hourly limit exceeded",
            "sending limit exceeded"
        )
        {
            Hop = SmtpHop.SubmissionRelay,
            At = Stages.All,
        },
        new("relay/address", MessagePermanent, Message, "cannot parse to address") { Hop = SmtpHop.SubmissionRelay },
        new(
            "relay/suspended",
            PathDown,
            Account,
            "sending paused",
            "sending is paused",
            "account is suspended",
            "account has been suspended",
            "account suspended",
            "account disabled",
            "account terminated",
            "domain disabled",
            "domain & is disabled",
            "is not allowed to send",
            "access denied: user"
        )
        {
            Hop = SmtpHop.SubmissionRelay,
            At = Stages.All,
        },
        new("relay/ses-access", PathDown, Account, "access denied", "not authorized to perform")
        {
            Hop = SmtpHop.SubmissionRelay,
            Code = "554",
            At = Stages.All,
        },
        new(
            "relay/denied",
            PathDown,
            Account,
            "relay access denied",
            "mail relay denied",
            "relay not permitted",
            "relaying denied",
            "relaying not allowed",
            "relaying not permitted",
            "relaying prohibited",
            "relay denied",
            "not permitted to relay",
            "unable to relay",
            "cannot relay",
            "we do not relay",
            "list of allowed rcpthosts"
        )
        {
            At = Stages.All,
        },
        new(
            "relay/auth-required",
            PathDown,
            Account,
            "authentication required",
            "authentication is required",
            "requires authentication",
            "must authenticate",
            "authenticate first",
            "please authenticate",
            "smtp auth required",
            "turn on smtp authentication",
            "auth required",
            "need to authenticate"
        )
        {
            At = Stages.All,
        },
    ];
}
