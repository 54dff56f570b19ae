using Gateway.Mail.Messages;

namespace Gateway.Mail.Bounces.Reading;

/// <summary>The fields of a delivery status (RFC 3464 §2, RFC 6533 §4), from their part or from a text that holds them.</summary>
internal sealed class StatusGroups
{
    private StatusGroups(List<ReportFields> groups)
    {
        Recipients =
        [
            .. groups
                .Where(g =>
                    g.Has("final-recipient") || g.Has("original-recipient") || (g.Has("action") && g.Has("status"))
                )
                .Take(ReportLimits.MaxRecipients),
        ];
        Message = groups.FirstOrDefault(g => g.Has("reporting-mta"));
        EnvelopeId = groups.Select(g => g.First("original-envelope-id")).FirstOrDefault(id => id is { Length: > 0 });
    }

    /// <summary>True if the message has a part of the right type, whatever it holds.</summary>
    public bool HasPart { get; private init; }
    public ReportFields? Message { get; }
    public string? EnvelopeId { get; }
    public IReadOnlyList<ReportFields> Recipients { get; }

    public static StatusGroups Of(MimeMessage message, Notice notice)
    {
        var groups = new List<ReportFields>();
        var found = false;
        foreach (var part in OwnParts.Of(message))
        {
            // RFC 6533 §4: message/global-delivery-status is the same in UTF-8.
            if (
                part.ContentType.Is("message", "delivery-status")
                || part.ContentType.Is("message", "global-delivery-status")
            )
            {
                found = true;
                groups.AddRange(ReportFields.Read(Bounded(part.DecodeText())));
            }
        }

        var inPart = new StatusGroups(groups) { HasPart = found };
        return inPart.Recipients.Count > 0 ? inPart : InText(NoticeRecipients.Whole(notice.Lines)) ?? inPart;
    }

    /// <summary>
    /// A whole report inside the text of a notice: some hosts send their own apology around another's report.
    /// Only for what is known to be a notice.
    /// </summary>
    public static StatusGroups? Enclosed(Notice notice)
    {
        var at = notice.Original.IndexOf("\nReporting-MTA:", StringComparison.OrdinalIgnoreCase);
        return at < 0 ? null : InText(notice.Original[at..]);
    }

    // Hosts that break their MIME, and Amazon WorkMail, which writes the fields into the text.
    private static StatusGroups? InText(string text)
    {
        if (!text.Contains("\nFinal-Recipient:", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var groups = ReportFields.Read(text);
        var inText = new StatusGroups(groups.FindAll(g => g.Has("final-recipient") || g.Has("reporting-mta")));
        return inText.Recipients.Count > 0 ? inText : null;
    }

    private static string Bounded(string text) =>
        text.Length > ReportLimits.MaxEvidence ? text[..ReportLimits.MaxEvidence] : text;
}
