using Gateway.Mail.Bounces.Classifying;
using Gateway.Mail.Bounces.Reading;

namespace Gateway.Mail.Bounces;

/// <summary>What a failure was for, from the receiver's words alone: for providers that pass them on in their events.</summary>
public static class FailureText
{
    /// <param name="Class">Only <see cref="BounceClass.Hard"/> speaks against the address.</param>
    public readonly record struct Judgement(BounceClass Class, Outcome Outcome, OutcomeScope Scope);

    /// <summary>
    /// Judged by the same tables as a delivery status notification. <see cref="BounceClass.Unknown"/> where nothing in it
    /// tells why.
    /// </summary>
    /// <param name="diagnostic">The receiver's reply; a leading <c>smtp;</c> is skipped. A long one is read in part.</param>
    /// <param name="status">The enhanced status (RFC 3463) as the provider tells it, or null.</param>
    public static Judgement Judge(string? diagnostic, string? status)
    {
        var text = diagnostic ?? "";
        text = text.Length > ReportLimits.MaxDiagnostic ? text[..ReportLimits.MaxDiagnostic] : text;
        if (text.StartsWith("smtp;", StringComparison.OrdinalIgnoreCase))
        {
            text = text["smtp;".Length..].TrimStart();
        }

        var verdict = BounceClassifier.Classify(Evidence.Of(text, status, ""));
        return new Judgement(verdict.Class, verdict.Outcome, verdict.Scope);
    }
}
