using Gateway.Mail.Smtp;

namespace Gateway.Mail.Bounces.Classifying;

/// <summary>What a failure means, and which line decided.</summary>
internal readonly record struct BounceVerdict(BounceClass Class, Outcome Outcome, OutcomeScope Scope, string Rule);

/// <summary>
/// From evidence to a verdict: the refusing host's words, then the tables of live SMTP, then the reporting host's words,
/// then the status. A hard bounce needs positive evidence; what stays open is unknown.
/// </summary>
internal static class BounceClassifier
{
    public static BounceVerdict Classify(Evidence evidence)
    {
        var verdict = Decide(evidence);

        // Who suppresses by outcome and scope must not hit what is not proven (see Verdict).
        return
            verdict
                is { Class: not BounceClass.Hard, Outcome: Outcome.RecipientPermanent, Scope: OutcomeScope.Recipient }
            ? verdict with
            {
                Scope = OutcomeScope.None,
            }
            : verdict;
    }

    private static BounceVerdict Decide(Evidence evidence)
    {
        var verdict = ByWords(evidence.Diagnostic, evidence) ?? ByReply(evidence) ?? ByWords(evidence.Notice, evidence);
        if (
            verdict is { Rule: "bounce/system" }
            && ByWords(evidence.Notice, evidence) is { Class: BounceClass.Hard or BounceClass.MailboxFull } told
        )
        {
            // "Service unavailable" closes many transcripts; the line above it says why.
            verdict = told;
        }

        return Temper(verdict ?? StatusVerdicts.Of(evidence.Status ?? default), evidence);
    }

    /// <summary>As <see cref="Classify(Evidence)"/>; a category decides what stayed unknown.</summary>
    public static BounceVerdict Classify(Evidence evidence, string? category)
    {
        var verdict = Classify(evidence);
        return verdict.Class == BounceClass.Unknown && category is not null
            ? Categories.Of(category) ?? verdict
            : verdict;
    }

    private static BounceVerdict? ByWords(string text, Evidence evidence)
    {
        if (BounceRules.Find(text) is not { } rule)
        {
            return null;
        }

        // A status that is more exact than wide words: "5.1.1 … rejected", "5.2.2 … refused".
        if (
            rule.Name == "bounce/refused"
            && StatusVerdicts.Of(evidence.Status ?? default) is { Class: not BounceClass.Unknown } exact
        )
        {
            return exact;
        }

        return !IsBorneOut(rule.Needs, evidence)
            ? new(BounceClass.Soft, rule.Outcome, rule.Scope, rule.Name + "-unproven")
            : new(rule.Class, rule.Outcome, rule.Scope, rule.Name);
    }

    // x.5.0 is what hosts without better codes say of a mailbox (RFC 5321 §4.2.3, 550).
    private static bool IsBorneOut(Witness needs, Evidence evidence)
    {
        var byServer =
            evidence.Status is { Subject: 1 } or { Subject: 5, Detail: 0 }
            || (evidence.Phase == SmtpPhase.RcptTo && evidence.Status is not { Subject: 7 });
        return needs switch
        {
            Witness.None => true,
            Witness.Server => byServer || BounceRules.SaysUnknown(evidence.Notice),
            _ => byServer || BounceRules.SaysUnknown(evidence.Notice) || IsOwnWord(evidence),
        };
    }

    private static bool IsOwnWord(Evidence evidence) =>
        evidence is { Code: null, Said: null, IsQuoted: false } && evidence.Field is null or { Subject: 0 or 1 };

    private static BounceVerdict? ByReply(Evidence evidence)
    {
        if (evidence.Code is not { } code || evidence.Diagnostic.Length == 0)
        {
            return null;
        }

        var phase = evidence.Phase ?? SmtpPhase.RcptTo;
        var verdict = SmtpClassifier.Classify(
            phase,
            new SmtpReply(code, evidence.Status, evidence.Diagnostic),
            SmtpHop.RemoteMx
        );

        // The numbers are judged here, where a bare 550 is no proof.
        if (
            verdict.Rule.StartsWith("code/", StringComparison.Ordinal)
            || verdict.Rule.StartsWith("status/", StringComparison.Ordinal)
        )
        {
            return null;
        }

        var kind = verdict.Outcome switch
        {
            Outcome.RecipientPermanent when verdict.Scope == OutcomeScope.Recipient => BounceClass.Soft,
            Outcome.RecipientPermanent or Outcome.RecipientTemporary or Outcome.Unknown => BounceClass.Soft,
            _ => BounceClass.Block,
        };
        return new(kind, verdict.Outcome, verdict.Scope, verdict.Rule);
    }

    private static BounceVerdict Temper(BounceVerdict verdict, Evidence evidence)
    {
        // Refused before any recipient was named: the address was not even looked at.
        var early = evidence is { Code: not null, Phase: SmtpPhase.Greeting or SmtpPhase.Hello or SmtpPhase.MailFrom };
        if (
            early
            && (
                verdict.Class is BounceClass.Hard or BounceClass.Unknown
                || verdict.Outcome == Outcome.RecipientPermanent
            )
        )
        {
            return new(
                BounceClass.Block,
                Outcome.PathBlocked,
                OutcomeScope.RemoteDomain,
                verdict.Rule + "-before-recipient"
            );
        }

        // RFC 3463 §3.2: x.1.7 and x.1.8 blame the sender; §3.8: x.7.z is policy, and a domain it names may be ours.
        var aboutUs =
            evidence.Status is { Subject: 1, Detail: 7 or 8 }
            || (evidence.Status is { Subject: 7 } && verdict.Scope == OutcomeScope.RemoteDomain);
        if (verdict.Class == BounceClass.Hard && aboutUs)
        {
            return new(BounceClass.Block, Outcome.PathBlocked, OutcomeScope.Identity, verdict.Rule + "-about-sender");
        }

        // "The user(s) account is disabled … 550 user unknown": the cautious half is believed.
        if (
            verdict is { Class: BounceClass.Hard, Scope: OutcomeScope.Recipient }
            && BounceRules.SaysClosed(evidence.Notice)
        )
        {
            return verdict with { Class = BounceClass.Soft, Rule = verdict.Rule + "-closed" };
        }

        // RFC 5321 §4.2.1: a 4xx is never the end of an address, however long a host tried.
        if (evidence.IsTransient && verdict.Outcome is Outcome.RecipientPermanent or Outcome.MessagePermanent)
        {
            return verdict with
            {
                Class = verdict.Class == BounceClass.Hard ? BounceClass.Soft : verdict.Class,
                Outcome = Outcome.RecipientTemporary,
            };
        }

        return verdict;
    }
}
