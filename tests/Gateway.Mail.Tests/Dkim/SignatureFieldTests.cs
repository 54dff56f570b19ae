using Gateway.Mail.Dkim;

namespace Gateway.Mail.Tests.Dkim;

public sealed class SignatureFieldTests
{
    public static TheoryData<string> Cases => CaseFiles.Names("signatures", "*.signature");

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_signature_field_is_judged_as_the_case_says(string name)
    {
        var (expected, input) = CaseFiles.Read("signatures", name);
        var verdicts = await DkimVerifier.VerifyAsync(
            CraftedSignature.Mail(input, CaseFiles.Unescape),
            (_, _) => ValueTask.FromResult(DkimKeyLookup.Found(TestKeys.Rsa.PublicRecord)),
            SampleMail.Now
        );
        var verdict = Assert.Single(verdicts);
        Assert.Equal(expected, $"{verdict.Status} {verdict.Reason}".TrimEnd());
    }

    [Fact]
    public async Task U_labels_are_looked_up_as_A_labels()
    {
        var asked = new List<string>();
        var template = @"v=1; a=rsa-sha256; d=B\u00fccher.example; s=s\u00e9l; h=from; bh={bh}; b={b}";
        await DkimVerifier.VerifyAsync(
            CraftedSignature.Mail(template, CaseFiles.Unescape),
            (name, _) =>
            {
                asked.Add(name);
                return ValueTask.FromResult(DkimKeyLookup.None);
            },
            SampleMail.Now
        );
        Assert.Equal(["xn--sl-bja._domainkey.xn--bcher-kva.example"], asked);
    }
}
