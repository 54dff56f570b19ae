using static Gateway.Mail.Outcome;
using static Gateway.Mail.OutcomeScope;

namespace Gateway.Mail.Smtp.Classifying;

/// <summary>Sentences that say the mailbox is not there, or not in use. Only a 5xx after MAIL may end an address.</summary>
internal static class RecipientPhraseRules
{
    public static readonly ReplyRule[] All =
    [
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
    ];
}
