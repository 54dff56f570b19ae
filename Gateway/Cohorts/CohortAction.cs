namespace Gateway.Cohorts;

/// <summary>What is done to each delivery of a cohort, as it stands in SQL and JSON.</summary>
public static class CohortAction
{
    public const string Resend = "resend";
    public const string Release = "release";
    public const string Cancel = "cancel";
    public const string Hold = "hold";

    /// <summary>Why this delivery is left as it is; null where it is acted on.</summary>
    public static string? WhyNot(string action, ChangeFacts delivery, Asker asker) =>
        action switch
        {
            Release => ChangeRule.WhyNotRelease(delivery, asker),
            Cancel => ChangeRule.WhyNotCancel(delivery, asker),
            Hold => ChangeRule.WhyNotHold(delivery),
            // Sent mail is in a cohort only where its state was named.
            _ => ChangeRule.WhyNotResend(delivery, asker, maySendTwice: true),
        };
}
