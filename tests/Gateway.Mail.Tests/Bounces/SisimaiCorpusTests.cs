using Gateway.Mail.Bounces;

namespace Gateway.Mail.Tests.Bounces;

/// <summary>
/// Real and odd bounces with what another parser says about each. Its thirty reasons become our classes by
/// <see cref="Allowed"/>; where its reason fits two of ours, both are allowed, and none but the hard reasons allows Hard.
/// </summary>
public sealed class SisimaiCorpusTests
{
    private const string Folder = "bounces-sisimai";

    [Fact]
    public void Hard_flags_and_classes_agree_and_a_good_address_is_hardly_ever_lost()
    {
        var tally = new Tally();
        foreach (var (name, expected) in Cases())
        {
            var report = Read("eml", name);
            for (var i = 0; i < expected.Length; i++)
            {
                tally.Count(name, i, expected[i], report);
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine(tally.ToString());
        Assert.True(tally.HardAgreement >= 0.95, tally.ToString());
        Assert.True(tally.ClassAgreement >= 0.95, tally.ToString());
        Assert.True(tally.FalseHard <= 0.02, tally.ToString());
    }

    [Fact]
    public void Every_complaint_is_recognised_with_its_type()
    {
        var complaints = Cases().Where(c => c.Expected[0].Reason == "feedback").ToList();
        Assert.NotEmpty(complaints);
        foreach (var (name, expected) in complaints)
        {
            var report = Read("eml", name);
            // A mail program's opt-out is no complaint to a mailbox provider; it is told apart.
            var optOut = expected[0].Other == "opt-out" && report.Kind == ReportKind.Unsubscribe;
            Assert.True(optOut || report.Kind == ReportKind.Complaint, name);
            Assert.True(optOut || report.FeedbackType == expected[0].Other, name);
            Assert.DoesNotContain(report.Recipients, r => r.IsHard);
        }
    }

    [Fact]
    public void Auto_replies_are_told_apart()
    {
        foreach (var (name, expected) in Cases().Where(c => c.Expected[0].Reason == "vacation"))
        {
            Assert.Equal((name, ReportKind.AutoReply), (name, Read("eml", name).Kind));
        }
    }

    [Fact]
    public void What_is_no_bounce_never_becomes_one()
    {
        foreach (var path in Directory.EnumerateFiles(Corpora.Path(Folder, "not-a-bounce")))
        {
            var report = ReportReader.Read(File.ReadAllBytes(path));
            Assert.Equal((path, ReportKind.NotAReport), (path, report.Kind));
            Assert.DoesNotContain(report.Recipients, r => r.IsHard);
        }
    }

    internal static BounceClass[] Allowed(string reason) =>
        reason switch
        {
            "userunknown" or "hostunknown" or "hasmoved" => [BounceClass.Hard],
            "notaccept" => [BounceClass.Hard, BounceClass.Soft],
            "mailboxfull" => [BounceClass.MailboxFull],
            // Refused for who, from where, how much or what.
            "authfailure"
            or "badreputation"
            or "requireptr"
            or "policyviolation"
            or "norelaying"
            or "spamdetected"
            or "virusdetected"
            or "contenterror"
            or "mesgtoobig"
            or "exceedlimit"
            or "notcompliantrfc"
            or "syntaxerror"
            or "failedstarttls" => [BounceClass.Block],
            // Filters and rates are blocks; some hosts word them as trouble of their own.
            "blocked" or "rejected" or "securityerror" or "speeding" or "toomanyconn" =>
            [
                BounceClass.Block,
                BounceClass.Soft,
            ],
            // "User unknown" where a filter is suspected.
            "filtered" => [BounceClass.Soft, BounceClass.Block],
            "suspend" or "mailererror" or "networkerror" or "expired" => [BounceClass.Soft],
            "systemfull" => [BounceClass.Soft, BounceClass.MailboxFull],
            "suppressed" => [BounceClass.Soft, BounceClass.Block],
            "systemerror" => [BounceClass.Soft, BounceClass.Unknown],
            "onhold" or "undefined" => [BounceClass.Soft, BounceClass.Unknown],
            "delivered" or "feedback" or "vacation" => [BounceClass.None],
            _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "a reason that nobody mapped"),
        };

    private static IEnumerable<(string Name, Expectation[] Expected)> Cases() =>
        Expectation
            .Read(Corpora.Path(Folder, "expected.json"))
            .OrderBy(c => c.Key, StringComparer.Ordinal)
            .Select(c => (c.Key, c.Value));

    private static MailReport Read(string folder, string name) =>
        ReportReader.Read(File.ReadAllBytes(Corpora.Path(Folder, folder, name)));
}
