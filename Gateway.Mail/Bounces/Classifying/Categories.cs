using static Gateway.Mail.Bounces.BounceClass;
using static Gateway.Mail.Outcome;
using static Gateway.Mail.OutcomeScope;

namespace Gateway.Mail.Bounces.Classifying;

/// <summary>
/// The category that a sending host names: PowerMTA's X-PowerMTA-BounceCategory, Amazon SES's bounceSubType. Asked when
/// neither words nor status decided.
/// </summary>
internal static class Categories
{
    public static BounceVerdict? Of(string category)
    {
        var (kind, outcome, scope) = category.ToLowerInvariant() switch
        {
            "bad-mailbox" or "noemail" => (Hard, RecipientPermanent, Recipient),
            "bad-domain" => (Hard, RecipientPermanent, RemoteDomain),
            "inactive-mailbox" => (Soft, RecipientPermanent, Recipient),
            "quota-issues" or "mailboxfull" => (MailboxFull, RecipientTemporary, Recipient),
            "spam-related" or "virus-related" or "content-related" or "contentrejected" or "attachmentrejected" => (
                Block,
                ContentRefused,
                OutcomeScope.Message
            ),
            "messagetoolarge" => (Block, MessagePermanent, OutcomeScope.Message),
            "policy-related" or "relaying-issues" => (Block, PathBlocked, RemoteDomain),
            // A provider's own list is no proof of ours.
            "suppressed" or "onaccountsuppressionlist" => (Soft, RecipientPermanent, Account),
            "bad-connection" or "no-answer-from-host" or "message-expired" or "routing-errors" => (
                Soft,
                RecipientTemporary,
                RemoteDomain
            ),
            _ => (BounceClass.Unknown, Outcome.Unknown, OutcomeScope.None),
        };
        return kind == BounceClass.Unknown
            ? null
            : new(kind, outcome, scope, "category/" + category.ToLowerInvariant());
    }
}
