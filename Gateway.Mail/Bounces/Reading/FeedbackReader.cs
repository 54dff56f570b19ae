using System.Globalization;
using System.Net;
using System.Text;
using Gateway.Mail.Messages;

namespace Gateway.Mail.Bounces.Reading;

/// <summary>Reads the feedback part (RFC 5965 §3). Real reports miss required fields; only Feedback-Type is asked for.</summary>
internal static class FeedbackReader
{
    /// <summary>The report, or null if no part is one.</summary>
    public static FeedbackReport? Read(MimeMessage message, Notice notice)
    {
        foreach (var part in OwnParts.Of(message))
        {
            if (part.ContentType.Is("message", "feedback-report"))
            {
                return Read(part.DecodeText());
            }
        }

        // A part of a wrong type inside a report of the right one.
        return
            message.Root.ContentType.Parameter("report-type") is { } type
            && type.Equals("feedback-report", StringComparison.OrdinalIgnoreCase)
            ? Of(new ReportFields())
            : InText(notice);
    }

    // Broken MIME: the fields stand in the text. Two of the required ones must, so that a quoted word is no complaint.
    private static FeedbackReport? InText(Notice notice) =>
        notice.Lines.Any(line => line.StartsWith("Feedback-Type:", StringComparison.OrdinalIgnoreCase))
        && notice.Lines.Any(line => line.StartsWith("User-Agent:", StringComparison.OrdinalIgnoreCase))
            ? Read(NoticeRecipients.Whole(notice.Lines))
            : null;

    private static FeedbackReport Read(string text)
    {
        var groups = ReportFields.Read(text);
        return Of(groups.Find(g => g.Has("feedback-type")) ?? groups.FirstOrDefault() ?? new ReportFields());
    }

    private static FeedbackReport Of(ReportFields fields) =>
        new()
        {
            FeedbackType = Token(fields.First("feedback-type")) ?? "abuse",
            UserAgent = fields.First("user-agent"),
            Version = fields.First("version"),
            OriginalEnvelopeId = fields.First("original-envelope-id"),
            OriginalMailFrom = fields.First("original-mail-from") is { } from ? PlainText.Address(from) : null,
            OriginalRecipients =
            [
                .. fields
                    .All("original-rcpt-to")
                    .Concat(fields.All("removal-recipient"))
                    .Take(ReportLimits.MaxRecipients)
                    .Select(PlainText.Address)
                    .Distinct(StringComparer.OrdinalIgnoreCase),
            ],
            ArrivalDate = Date(fields.First("arrival-date") ?? fields.First("received-date")),
            ReportingMta = fields.First("reporting-mta") is { } mta ? PlainText.WithoutType(mta) : null,
            SourceIp = IPAddress.TryParse(FirstWord(fields.First("source-ip")), out var ip) ? ip : null,
            SourcePort = Number(fields.First("source-port")) is { } port and <= 65_535 ? port : null,
            Incidents = Number(fields.First("incidents")) ?? 1,
            AuthenticationResults = fields.All("authentication-results"),
            ReportedDomains = fields.All("reported-domain"),
            ReportedUris = fields.All("reported-uri"),
            AuthFailure = Token(fields.First("auth-failure")),
            DeliveryResult = Token(fields.First("delivery-result")),
            IdentityAlignment = Token(fields.First("identity-alignment")),
            DkimDomain = fields.First("dkim-domain"),
            DkimIdentity = fields.First("dkim-identity"),
            DkimSelector = fields.First("dkim-selector"),
            DkimSelectorDns = fields.First("dkim-selector-dns"),
            DkimAdspDns = fields.First("dkim-adsp-dns"),
            DkimCanonicalizedHeader = Unspaced(fields.First("dkim-canonicalized-header")),
            DkimCanonicalizedBody = Unspaced(fields.First("dkim-canonicalized-body")),
            SpfDns = fields.First("spf-dns"),
        };

    private static string? Token(string? value)
    {
        var end = value?.IndexOfAny([' ', ';', '(']) ?? -1;
        var token = end >= 0 ? value![..end] : value;
        return string.IsNullOrEmpty(token) ? null : token.ToLowerInvariant();
    }

    // "192.0.2.1 (host.example)" is met.
    private static string? FirstWord(string? value) => value?.Split(' ', 2)[0].Trim('[', ']');

    private static int? Number(string? value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static DateTimeOffset? Date(string? value) =>
        value is not null && MailDate.TryParse(Encoding.UTF8.GetBytes(value), out var date) ? date : null;

    private static string? Unspaced(string? value) => value?.Replace(" ", "", StringComparison.Ordinal);
}
