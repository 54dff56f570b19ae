using Gateway.Mail.Bounces;

namespace Gateway.Mail.Tests.Bounces;

/// <summary>
/// Our own cases, tests/Corpus/bounces: beside each message a file with one line a recipient, <c>kind class address</c>,
/// or the kind alone. A new case is two new files.
/// </summary>
public sealed class OwnCorpusTests
{
    public static TheoryData<string> Names =>
        [.. Directory.EnumerateFiles(Folder(), "*.eml").Select(p => Path.GetFileNameWithoutExtension(p)).Order()];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_report_reads_as_its_file_says(string name)
    {
        var report = Read(name);
        var wanted = File.ReadAllLines(Path.Combine(Folder(), name + ".expected"));
        string[] got =
            wanted is [var kind] && !kind.Contains(' ', StringComparison.Ordinal)
                ? [report.Kind.ToString()]
                : [.. report.Recipients.Select(r => $"{report.Kind} {r.Class} {r.Recipient}")];
        Assert.Equal(wanted, got);
    }

    [Theory]
    [InlineData("01-qmail-no-host")]
    [InlineData("20-status-against-diagnostic")]
    [InlineData("50-microsoft-junk-report")]
    public void The_ids_of_our_message_are_found_in_the_copy(string name)
    {
        var report = Read(name);
        Assert.Equal("1@example.com", report.OriginalMessageId);
        Assert.Equal("0198c0de", report.OriginalGatewayFields["x-gw-message-id"]);
    }

    [Fact]
    public void Return_path_envelope_id_and_reporting_host_are_read()
    {
        var report = Read("20-status-against-diagnostic");
        Assert.Equal("b-x@bounce.example.com", report.OriginalReturnPath);
        Assert.Equal("env-1", report.OriginalEnvelopeId);
        Assert.Equal("mx.example.net", report.ReportingMta);
        Assert.Equal(550, report.Recipients[0].ReplyCode);
        Assert.Equal("5.7.26", report.Recipients[0].Status.ToString());
    }

    internal static string Folder()
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(at!.FullName, "Gateway.sln")))
        {
            at = at.Parent;
        }

        return Path.Combine(at.FullName, "tests", "Corpus", "bounces");
    }

    private static MailReport Read(string name) =>
        ReportReader.Read(File.ReadAllBytes(Path.Combine(Folder(), name + ".eml")));
}
