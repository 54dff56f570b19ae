using System.Text.Json;
using Gateway.Mail.Bounces;

namespace Gateway.Mail.Tests.Bounces;

/// <summary>Samples of other projects: no expected class, so recognition and fields; two feedback reports with a full parse.</summary>
public sealed class OtherCorpusTests
{
    private const string Folder = "bounces-other";

    [Fact]
    public void Every_delivery_status_yields_recipient_status_and_action()
    {
        var seen = 0;
        foreach (var path in Files().Where(p => Says(p, "\nFinal-Recipient:")))
        {
            var report = ReportReader.Read(File.ReadAllBytes(path));
            Assert.True(report.Kind is ReportKind.Bounce or ReportKind.Delayed, path);
            Assert.All(report.Recipients, r => Assert.Contains('@', r.Recipient));
            Assert.All(report.Recipients, r => Assert.NotNull(r.Status));
            Assert.All(report.Recipients, r => Assert.Contains(r.Action, (string[])["failed", "delayed"]));
            seen++;
        }

        Assert.NotEqual(0, seen);
    }

    [Fact]
    public void Every_notice_is_a_bounce_or_a_delay()
    {
        foreach (var path in Files().Where(p => !Says(p, "feedback-report")))
        {
            var report = ReportReader.Read(File.ReadAllBytes(path));
            Assert.True(report.Kind is ReportKind.Bounce or ReportKind.Delayed, $"{path} {report.Kind}");
        }
    }

    [Fact]
    public void Every_feedback_report_is_a_complaint()
    {
        var reports = Files().Where(p => Says(p, "message/feedback-report")).ToList();
        Assert.NotEmpty(reports);
        foreach (var path in reports)
        {
            var report = ReportReader.Read(File.ReadAllBytes(path));
            Assert.Equal((path, ReportKind.Complaint), (path, report.Kind));
            Assert.False(string.IsNullOrEmpty(report.FeedbackType), path);
            Assert.False(string.IsNullOrEmpty(report.Feedback!.UserAgent), path);
        }
    }

    [Fact]
    public void A_feedback_report_reads_as_another_parser_reads_it()
    {
        foreach (var path in Files().Where(p => File.Exists(Path.ChangeExtension(p, ".json"))))
        {
            var feedback = ReportReader.Read(File.ReadAllBytes(path)).Feedback!;
            using var document = JsonDocument.Parse(File.ReadAllBytes(Path.ChangeExtension(path, ".json")));
            var wanted = document.RootElement;
            Assert.Equal(Enumerated(wanted, "feedback_type"), Folded(feedback.FeedbackType));
            Assert.Equal(Number(wanted, "arrival_date"), feedback.ArrivalDate?.ToUnixTimeSeconds());
            Assert.Equal(Texts(wanted, "authentication_results"), feedback.AuthenticationResults);
            Assert.Equal(Number(wanted, "incidents"), feedback.Incidents);
            Assert.Equal(Text(wanted, "original_envelope_id"), feedback.OriginalEnvelopeId);
            Assert.Equal(Text(wanted, "original_mail_from"), feedback.OriginalMailFrom);
            Assert.Equal(Text(wanted, "original_rcpt_to"), feedback.OriginalRecipients.FirstOrDefault());
            Assert.Equal(Texts(wanted, "reported_domain"), feedback.ReportedDomains);
            Assert.Equal(Texts(wanted, "reported_uri"), feedback.ReportedUris);
            Assert.Equal(Text(wanted, "reporting_mta"), feedback.ReportingMta);
            Assert.Equal(Text(wanted, "source_ip"), feedback.SourceIp?.ToString());
            Assert.Equal(Number(wanted, "source_port"), feedback.SourcePort ?? 0);
            Assert.Equal(Text(wanted, "user_agent"), feedback.UserAgent);
            Assert.StartsWith(wanted.GetProperty("version").ToString(), feedback.Version, StringComparison.Ordinal);
            Assert.Equal(Enumerated(wanted, "auth_failure"), Folded(feedback.AuthFailure));
            Assert.Equal(Enumerated(wanted, "delivery_result"), Folded(feedback.DeliveryResult));
            Assert.Equal(Enumerated(wanted, "identity_alignment"), Folded(feedback.IdentityAlignment));
            Assert.Equal(Text(wanted, "dkim_domain"), feedback.DkimDomain);
            Assert.Equal(Text(wanted, "dkim_identity"), feedback.DkimIdentity);
            Assert.Equal(Text(wanted, "dkim_selector"), feedback.DkimSelector);
            Assert.Equal(Text(wanted, "dkim_selector_dns"), feedback.DkimSelectorDns);
            Assert.Equal(Text(wanted, "dkim_adsp_dns"), feedback.DkimAdspDns);
            Assert.Equal(Text(wanted, "spf_dns"), feedback.SpfDns);
            // Base64: the white space of its folding is no part of it.
            Assert.Equal(Unspaced(Text(wanted, "dkim_canonicalized_body")), feedback.DkimCanonicalizedBody);
            Assert.Equal(Unspaced(Text(wanted, "dkim_canonicalized_header")), feedback.DkimCanonicalizedHeader);
        }
    }

    private static IEnumerable<string> Files() => Directory.EnumerateFiles(Corpora.Path(Folder), "*.eml").Order();

    private static bool Says(string path, string word) =>
        File.ReadAllText(path).Contains(word, StringComparison.OrdinalIgnoreCase);

    private static string? Text(JsonElement of, string name) =>
        of.GetProperty(name) is { ValueKind: JsonValueKind.String } text ? One(text.GetString()!) : null;

    private static long? Number(JsonElement of, string name) =>
        of.GetProperty(name) is { ValueKind: JsonValueKind.Number } number ? number.GetInt64() : null;

    private static IEnumerable<string> Texts(JsonElement of, string name) =>
        of.GetProperty(name).EnumerateArray().Select(item => One(item.GetString()!));

    private static string One(string folded) =>
        string.Join(' ', folded.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static string? Unspaced(string? text) => text?.Replace(" ", "", StringComparison.Ordinal);

    // "AuthFailure" there, "auth-failure" here; "Unspecified" is absence.
    private static string? Enumerated(JsonElement of, string name) =>
        of.GetProperty(name).GetString() is { } value && value != "Unspecified" ? value.ToLowerInvariant() : null;

    private static string? Folded(string? token) => token?.Replace("-", "", StringComparison.Ordinal);
}
