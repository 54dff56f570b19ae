using Gateway.Mail.Bounces.Classifying;
using Gateway.Mail.Bounces.Reading;
using Gateway.Mail.Messages;

namespace Gateway.Mail.Bounces;

/// <summary>Failures as a delivery status tells them, or as words do.</summary>
internal static class Failures
{
    /// <summary>A report with a delivery status, or null.</summary>
    public static MailReport? FromStatus(MimeMessage message, Notice notice, OriginalMessage original)
    {
        var status = StatusGroups.Of(message, notice);
        if (status.Recipients.Count == 0 && status.HasPart)
        {
            // The part is there and names nobody: the words are all there is.
            return FromWords(message, notice, original, sure: true);
        }

        if (status.Recipients.Count == 0)
        {
            if (StatusGroups.Enclosed(notice) is not { } enclosed || !Signs.IsFailureNotice(message, notice))
            {
                return null;
            }

            status = enclosed;
        }

        var named = NoticeRecipients.Find(notice.Lines);
        var whole = NoticeRecipients.Whole(notice.Lines);
        var budget = ReportLimits.MaxEvidence;
        var recipients = new List<RecipientReport>();
        foreach (var group in status.Recipients)
        {
            recipients.Add(Of(group, whole, named, ref budget));
        }

        return new MailReport(KindOf(recipients), recipients)
        {
            OriginalEnvelopeId = status.EnvelopeId,
            ReportingMta = status.Message?.First("reporting-mta") is { } mta ? PlainText.WithoutType(mta) : null,
        };
    }

    /// <summary>A failure in a host's own words, or null if the message is no notice.</summary>
    public static MailReport? FromWords(MimeMessage message, Notice notice, OriginalMessage original) =>
        FromWords(message, notice, original, sure: false);

    private static MailReport? FromWords(MimeMessage message, Notice notice, OriginalMessage original, bool sure)
    {
        if (!sure && !Signs.IsFailureNotice(message, notice))
        {
            return null;
        }

        var named = NoticeRecipients.Find(notice.Lines);
        var whole = NoticeRecipients.Whole(notice.Lines);
        var delayed = Delays.Tells(message, notice);
        var budget = ReportLimits.MaxEvidence;
        var recipients = new List<RecipientReport>();
        foreach (var address in AddressesOf(message, named, original))
        {
            var about = Spend(NoticeRecipients.About(address, whole, named), ref budget);
            recipients.Add(
                Judge(
                    new RecipientReport { Recipient = address, Action = delayed ? "delayed" : "failed" },
                    "",
                    null,
                    about
                )
            );
        }

        return new MailReport(KindOf(recipients), recipients);
    }

    // Exim and Gmail name them in a field, indimail in another; else the text does; else the message had one recipient.
    private static List<string> AddressesOf(
        MimeMessage message,
        List<(string Address, string Text)> named,
        OriginalMessage original
    )
    {
        if (named.Count > 1)
        {
            return [.. named.Select(n => n.Address)];
        }

        var field = message.Headers.First("x-failed-recipients")?.Value ?? "";
        var listed = new List<string>();
        foreach (
            var part in field.Split(
                ',',
                ReportLimits.MaxRecipients,
                StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries
            )
        )
        {
            listed.Add(PlainText.Address(PlainText.OneLine(part, 320)));
        }

        if (listed.Count == 0)
        {
            var only =
                named.Count == 1 ? named[0].Address
                : message.Headers.First("x-bounced-address") is { } bounced
                    ? PlainText.Address(PlainText.OneLine(bounced.Value, 320))
                : original.SoleRecipient;
            listed.Add(only ?? "");
        }

        return listed;
    }

    private static RecipientReport Of(
        ReportFields group,
        string whole,
        List<(string Address, string Text)> named,
        ref int budget
    )
    {
        var original = group.First("original-recipient") is { } given ? PlainText.Address(given) : null;
        var final = group.First("final-recipient") is { } told ? PlainText.Address(told) : original ?? "";
        var about = Spend(NoticeRecipients.About(final, whole, named), ref budget);
        var recipient = new RecipientReport
        {
            Recipient = final,
            OriginalRecipient = original,
            Action = ActionOf(group),
            RemoteMta = group.First("remote-mta") is { } mta ? PlainText.WithoutType(mta) : null,
        };
        var coded = group.First("diagnostic-code") ?? "";
        var diagnostic = coded.StartsWith("x-unix;", StringComparison.OrdinalIgnoreCase)
            ? coded
            : PlainText.WithoutType(coded);
        return Judge(
            recipient,
            Spend(diagnostic, ref budget),
            group.First("status"),
            about,
            group.First("x-powermta-bouncecategory")
        );
    }

    private static RecipientReport Judge(
        RecipientReport recipient,
        string diagnostic,
        string? statusField,
        string about,
        string? category = null
    )
    {
        var evidence = Evidence.Of(diagnostic, statusField, about);
        var told = recipient with
        {
            Status = evidence.Status,
            ReplyCode = evidence.Code,
            Diagnostic = PlainText.OneLine(diagnostic.Length > 0 ? diagnostic : about, ReportLimits.MaxDiagnostic),
        };
        if (recipient.Action is "delivered" or "relayed" or "expanded" or "deliverable")
        {
            return told with { Outcome = Outcome.Accepted, Rule = "action/" + recipient.Action };
        }

        var verdict = BounceClassifier.Classify(evidence, category);
        if (recipient.Action == "delayed")
        {
            // RFC 3464 §2.3.3: the host is still trying; whatever the words say, nothing has ended.
            var kind = verdict.Class == BounceClass.Hard ? BounceClass.Soft : verdict.Class;
            var outcome = verdict.Class == BounceClass.Block ? verdict.Outcome : Outcome.RecipientTemporary;
            return told with { Class = kind, Outcome = outcome, Scope = verdict.Scope, Rule = verdict.Rule };
        }

        return told with
        {
            Class = verdict.Class,
            Outcome = verdict.Outcome,
            Scope = verdict.Scope,
            Rule = verdict.Rule,
        };
    }

    private static string ActionOf(ReportFields group)
    {
        var action = group.First("action") ?? "";
        var end = action.AsSpan().IndexOfAny(" ;(");
        action = (end < 0 ? action : action[..end]).ToLowerInvariant();
        return action.Length is 0 or > 32 ? "failed" : action;
    }

    private static string Spend(string text, ref int budget)
    {
        var length = Math.Min(Math.Min(text.Length, ReportLimits.MaxDiagnostic), budget);
        budget -= length;
        return length == text.Length ? text : text[..length];
    }

    private static ReportKind KindOf(List<RecipientReport> recipients)
    {
        if (recipients.TrueForAll(r => r.Outcome == Outcome.Accepted && r.Class == BounceClass.None))
        {
            return ReportKind.Delivered;
        }

        return recipients.Exists(r => r.Class != BounceClass.None && r.Action != "delayed")
            ? ReportKind.Bounce
            : ReportKind.Delayed;
    }
}
