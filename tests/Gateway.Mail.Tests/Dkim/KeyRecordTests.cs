using Gateway.Mail.Dkim;

namespace Gateway.Mail.Tests.Dkim;

public sealed class KeyRecordTests
{
    public static TheoryData<string> Cases => CaseFiles.Names("records", "*.record");

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_key_record_is_read_as_the_case_says(string name)
    {
        var (expected, input) = CaseFiles.Read("records", name);
        var verdicts = await DkimVerifier.VerifyAsync(
            System.Text.Encoding.Latin1.GetBytes(SampleMail.Signed()),
            TestKeys.Dns(("rsa._domainkey.example.com", Fill(input))),
            SampleMail.Now
        );
        var verdict = Assert.Single(verdicts);
        Assert.Equal(expected, $"{verdict.Status} {verdict.Reason}".TrimEnd());
        Assert.Equal(input.Contains("y;", StringComparison.Ordinal) && expected == "Pass", verdict.KeyInTestMode);
    }

    [Fact]
    public async Task With_several_records_any_good_one_serves()
    {
        var name = "rsa._domainkey.example.com";
        var verdicts = await DkimVerifier.VerifyAsync(
            System.Text.Encoding.Latin1.GetBytes(SampleMail.Signed()),
            TestKeys.Dns((name, "v=spf1 -all"), (name, "v=DKIM1; p="), (name, TestKeys.Rsa.PublicRecord)),
            SampleMail.Now
        );
        Assert.Equal(DkimStatus.Pass, Assert.Single(verdicts).Status);
    }

    [Theory]
    [InlineData("@sub.example.com", "PermError i= is a subdomain and the key forbids it")]
    [InlineData("@example.com", "Pass")]
    public async Task A_strict_key_forbids_identities_below_the_domain(string identity, string expected)
    {
        var template =
            $"v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=sel; i={identity}; h=from; bh={{bh}}; b={{b}}";
        var verdicts = await DkimVerifier.VerifyAsync(
            CraftedSignature.Mail(template, CaseFiles.Unescape),
            TestKeys.Dns(("sel._domainkey.example.com", TestKeys.Rsa.PublicRecord + "; t=y:s")),
            SampleMail.Now
        );
        var verdict = Assert.Single(verdicts);
        Assert.Equal(expected, $"{verdict.Status} {verdict.Reason}".TrimEnd());
        Assert.True(verdict.KeyInTestMode);
    }

    private static string Fill(string input)
    {
        var p = TestKeys.P(TestKeys.Rsa);
        return System
            .Text.RegularExpressions.Regex.Unescape(input)
            .Replace("{spki}", p, StringComparison.Ordinal)
            .Replace(
                "{spki-spaced}",
                string.Join(" \t ", p.Chunk(50).Select(c => new string(c))),
                StringComparison.Ordinal
            )
            .Replace("{spki-truncated}", p[..200], StringComparison.Ordinal)
            .Replace("{pkcs1}", TestKeys.BarePkcs1(TestKeys.Rsa), StringComparison.Ordinal)
            .Replace("{other}", TestKeys.P(TestKeys.OtherRsa), StringComparison.Ordinal)
            .Replace("{rsa-1023}", TestKeys.RsaOfBits(1023), StringComparison.Ordinal)
            .Replace("{rsa-512}", TestKeys.RsaOfBits(512), StringComparison.Ordinal)
            .Replace("{rsa-16384}", TestKeys.RsaOfBits(16384), StringComparison.Ordinal);
    }
}
