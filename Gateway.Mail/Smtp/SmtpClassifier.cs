using Gateway.Mail.Smtp.Classifying;

namespace Gateway.Mail.Smtp;

/// <summary>
/// Turns what a server said, and when, into an <see cref="Outcome"/>. Tables decide, in this order: the big mailbox
/// providers' texts, the relays' texts, sentences that many share, enhanced codes, basic codes. First line that holds wins.
/// </summary>
public static class SmtpClassifier
{
    private static readonly ReplyRule[] Rules =
    [
        .. GmailRules.All,
        .. MicrosoftRules.All,
        .. YahooRules.All,
        .. AppleRules.All,
        .. RelayRules.All,
        .. PhraseRules.All,
        .. ContentPhraseRules.All,
        .. RecipientPhraseRules.All,
        .. StatusRules.All,
        .. CodeRules.All,
    ];

    /// <summary>What this reply in this phase means.</summary>
    public static Verdict Classify(SmtpPhase phase, SmtpReply reply, SmtpHop hop)
    {
        var stage = StageOf(phase);
        if (reply.IsPositive)
        {
            // Only the answer to the final dot takes responsibility; a 2xx elsewhere is no end.
            return phase == SmtpPhase.FinalDot && reply.Code < 300
                ? new Verdict(Outcome.Accepted, OutcomeScope.None, "accepted", RetryAfter: null)
                : new Verdict(Outcome.AdapterBug, OutcomeScope.None, "not-an-end", RetryAfter: null);
        }

        var code = reply.Code.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var text = ReplyText.Flatten(reply);
        var facts = new ReplyFacts(stage, hop, code, reply.Enhanced, text);
        var rule = Array.Find(Rules, r => r.Holds(facts))!;
        var retry = reply.IsTransient ? RetryHint.Find(text) ?? rule.Retry : null;
        return Soften(reply, new Verdict(rule.Outcome, rule.Scope, rule.Name, retry));
    }

    /// <summary>What a transaction came to, for the recipient at <paramref name="recipient"/> of its envelope.</summary>
    public static Verdict Classify(SmtpTransaction transaction, SmtpHop hop, int recipient = 0)
    {
        if (recipient < transaction.Recipients.Count && !transaction.Recipients[recipient].IsPositive)
        {
            return Classify(SmtpPhase.RcptTo, transaction.Recipients[recipient], hop);
        }

        return transaction switch
        {
            { MayHaveBeenAccepted: true } => new(Outcome.Unknown, OutcomeScope.None, "no-answer-after-dot", null),
            { Failure: SmtpFailureKind.None or SmtpFailureKind.Refused, Reply: { } reply } => Classify(
                transaction.Phase,
                reply,
                hop
            ),
            _ => OfFailure(transaction.Failure, hop),
        };
    }

    /// <summary>What a session that could not be opened means.</summary>
    public static Verdict Classify(SmtpFailure failure, SmtpHop hop) =>
        failure.Reply is { IsPositive: false } reply
            ? Classify(failure.Phase, reply, hop)
            : OfFailure(failure.Kind, hop);

    private static Verdict OfFailure(SmtpFailureKind kind, SmtpHop hop) =>
        kind switch
        {
            SmtpFailureKind.Capability => new(Outcome.MessagePermanent, OutcomeScope.Message, "capability", null),
            SmtpFailureKind.TooLarge => new(Outcome.MessagePermanent, OutcomeScope.Message, "too-large", null),
            // Our own doing: nothing is known against the path.
            SmtpFailureKind.Canceled => new(Outcome.PathThrottled, OutcomeScope.None, "canceled", TimeSpan.Zero),
            // A smart host that is away is a dead path; a remote MX that is away is that domain's trouble.
            _ when hop == SmtpHop.RemoteMx => new(
                Outcome.RecipientTemporary,
                OutcomeScope.RemoteDomain,
                "unreachable",
                null
            ),
            _ => new(Outcome.PathDown, OutcomeScope.Account, "unreachable", null),
        };

    // The basic code decides whether to come back (RFC 5321 §4.2.1): a 4xx is never the end of anything.
    private static Verdict Soften(SmtpReply reply, Verdict verdict) =>
        reply.IsTransient
        && verdict.Outcome is Outcome.RecipientPermanent or Outcome.MessagePermanent or Outcome.ContentRefused
            ? verdict with
            {
                Outcome = Outcome.RecipientTemporary,
            }
            : verdict;

    private static Stages StageOf(SmtpPhase phase) =>
        phase switch
        {
            SmtpPhase.MailFrom or SmtpPhase.Reset => Stages.Sender,
            SmtpPhase.RcptTo => Stages.Recipient,
            SmtpPhase.Data or SmtpPhase.Content or SmtpPhase.FinalDot => Stages.Message,
            SmtpPhase.Auth => Stages.Login,
            _ => Stages.Session,
        };
}
