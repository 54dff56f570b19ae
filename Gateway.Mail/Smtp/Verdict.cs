namespace Gateway.Mail.Smtp;

/// <summary>Whose server answered: a smart host that knows us as its customer, or the recipient's own.</summary>
public enum SmtpHop
{
    SubmissionRelay,
    RemoteMx,
}

/// <summary>
/// What a reply means. <paramref name="Rule"/> names the line of the tables that decided. <paramref name="RetryAfter"/>
/// is the server's own hint. A <see cref="Outcome.RecipientPermanent"/> whose scope is not
/// <see cref="OutcomeScope.Recipient"/> (a mailbox closed to this sender, a domain without mail) stops this delivery,
/// and is no proof against the address.
/// </summary>
public readonly record struct Verdict(Outcome Outcome, OutcomeScope Scope, string Rule, TimeSpan? RetryAfter);
