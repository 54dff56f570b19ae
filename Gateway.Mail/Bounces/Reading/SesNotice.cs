using System.Text;
using System.Text.Json;
using Gateway.Mail.Bounces.Classifying;

namespace Gateway.Mail.Bounces.Reading;

/// <summary>Amazon SES through an SNS topic that sends mail: the notification stands as JSON in the text.</summary>
internal static class SesNotice
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 16, AllowTrailingCommas = true };

    public static MailReport? Read(Notice notice)
    {
        if (notice.Lines is not [var first, ..] || !first.TrimStart().StartsWith('{'))
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(Joined(notice.Lines), Options);
            return Of(document.RootElement);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // sendmail breaks lines over 990 octets as "!\n "; a footer follows the object after an empty line.
    private static string Joined(IReadOnlyList<string> lines)
    {
        var json = new StringBuilder();
        foreach (var line in lines)
        {
            if (
                line.Length == 0
                || line.StartsWith("--", StringComparison.Ordinal)
                || json.Length > ReportLimits.MaxNotice
            )
            {
                break;
            }

            var broken = json.Length > 0 && json[^1] == '!';
            json.Length -= broken ? 1 : 0;
            json.Append(broken && line[0] == ' ' ? line[1..] : line);
        }

        return json.ToString();
    }

    private static MailReport? Of(JsonElement root)
    {
        var mail = Member(root, "mail");
        var id = Text(mail, "messageId");
        var report = (Text(root, "notificationType") ?? Text(root, "eventType")) switch
        {
            "Complaint" => Complaint(Member(root, "complaint")),
            "Bounce" => Bounce(Member(root, "bounce")),
            "Delivery" => Delivery(Member(root, "delivery")),
            _ => null,
        };
        return report is null ? null : report with { OriginalEnvelopeId = id };
    }

    private static MailReport Complaint(JsonElement complaint)
    {
        var recipients = Items(complaint, "complainedRecipients").Select(r => Text(r, "emailAddress") ?? "").ToList();
        return new MailReport(
            ReportKind.Complaint,
            [
                .. recipients.Select(address => new RecipientReport
                {
                    Recipient = address,
                    Action = "complained",
                    Outcome = Outcome.Accepted,
                    Rule = "ses/complaint",
                }),
            ]
        )
        {
            Feedback = new FeedbackReport
            {
                FeedbackType = Text(complaint, "complaintFeedbackType") ?? "abuse",
                UserAgent = Text(complaint, "userAgent"),
                OriginalRecipients = recipients,
            },
        };
    }

    private static MailReport Bounce(JsonElement bounce)
    {
        var recipients = new List<RecipientReport>();
        foreach (var item in Items(bounce, "bouncedRecipients"))
        {
            var diagnostic = PlainText.WithoutType(Text(item, "diagnosticCode") ?? "");
            var evidence = Evidence.Of(diagnostic, Text(item, "status"), "");
            var verdict = BounceClassifier.Classify(evidence, Text(bounce, "bounceSubType"));
            recipients.Add(
                new RecipientReport
                {
                    Recipient = Text(item, "emailAddress") ?? "",
                    Status = evidence.Status,
                    ReplyCode = evidence.Code,
                    Diagnostic = PlainText.OneLine(diagnostic, ReportLimits.MaxDiagnostic),
                    Class = verdict.Class,
                    Outcome = verdict.Outcome,
                    Scope = verdict.Scope,
                    Rule = verdict.Rule,
                }
            );
        }

        return new MailReport(ReportKind.Bounce, recipients) { ReportingMta = Text(bounce, "reportingMTA") };
    }

    private static MailReport Delivery(JsonElement delivery) =>
        new(
            ReportKind.Delivered,
            [
                .. Items(delivery, "recipients")
                    .Where(r => r.ValueKind == JsonValueKind.String)
                    .Select(r => new RecipientReport
                    {
                        Recipient = PlainText.OneLine(r.GetString()),
                        Action = "delivered",
                        Outcome = Outcome.Accepted,
                        Rule = "ses/delivery",
                    }),
            ]
        );

    private static JsonElement Member(JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var member) ? member : default;

    private static string? Text(JsonElement of, string name) =>
        Member(of, name) is { ValueKind: JsonValueKind.String } member ? PlainText.OneLine(member.GetString()) : null;

    private static IEnumerable<JsonElement> Items(JsonElement of, string name) =>
        Member(of, name) is { ValueKind: JsonValueKind.Array } items
            ? items.EnumerateArray().Take(ReportLimits.MaxRecipients)
            : [];
}
