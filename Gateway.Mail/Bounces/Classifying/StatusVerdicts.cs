using Gateway.Mail.Smtp;
using static Gateway.Mail.Bounces.BounceClass;
using static Gateway.Mail.Outcome;
using static Gateway.Mail.OutcomeScope;

namespace Gateway.Mail.Bounces.Classifying;

/// <summary>Enhanced codes (RFC 3463 and the IANA registry) where no words decided.</summary>
internal static class StatusVerdicts
{
    public static BounceVerdict Of(EnhancedStatus status)
    {
        var (kind, outcome, scope) = status switch
        {
            { Class: not (4 or 5) } => (BounceClass.Unknown, Outcome.Unknown, OutcomeScope.None),
            // RFC 3463 §3.2: 1.7 and 1.8 blame the sender's address.
            { Subject: 1, Detail: 7 or 8 } => (Block, PathBlocked, Identity),
            { Subject: 1, Detail: 2 } => (Hard, RecipientPermanent, RemoteDomain),
            { Subject: 1, Detail: <= 6 or 10 } => (Hard, RecipientPermanent, Recipient),
            { Subject: 2, Detail: 1 } => (Soft, RecipientPermanent, Recipient),
            { Subject: 2, Detail: 2 } => (MailboxFull, RecipientTemporary, Recipient),
            { Subject: 2, Detail: 3 } or { Subject: 3, Detail: 4 } => (Block, MessagePermanent, Message),
            { Subject: 2 } => (Soft, RecipientTemporary, Recipient),
            { Subject: 3, Detail: 3 } => (Block, MessagePermanent, Message),
            { Subject: 3 } => (Soft, RecipientTemporary, RemoteDomain),
            // RFC 3463 §3.5: unable to route.
            { Subject: 4, Detail: 4 } => (Hard, RecipientPermanent, RemoteDomain),
            { Subject: 4 } => (Soft, RecipientTemporary, RemoteDomain),
            { Subject: 5, Detail: > 0 } => (Block, MessagePermanent, Message),
            { Subject: 6 } => (Block, MessagePermanent, Message),
            // RFC 3463 §3.8: security and policy: never the address.
            { Subject: 7, Detail: 17 or 18 } => (Hard, RecipientPermanent, Recipient),
            { Subject: 7, Detail: 13 } => (Soft, RecipientPermanent, Recipient),
            { Subject: 7 } => (Block, PathBlocked, RemoteDomain),
            { Class: 4 } => (Soft, RecipientTemporary, RemoteDomain),
            _ => (BounceClass.Unknown, Outcome.Unknown, OutcomeScope.None),
        };
        return new(kind, outcome, scope, $"status/{status}");
    }
}
