using Gateway.Mail.Dkim;

namespace Gateway.Mail.Tests.Dkim;

/// <summary>A13: what may happen to a signed mail on the way, and what RFC 6376 then says.</summary>
public sealed class MutationTests
{
    private const string FirstBodyLine = "--b1\r\n";

    /// <summary>Name, verdict under relaxed/relaxed, verdict under simple/simple, the change.</summary>
    private static readonly (string Name, bool Relaxed, bool Simple, Func<string, string> Change)[] Mutations =
    [
        ("nothing", true, true, mail => mail),
        ("a second From on top", false, false, mail => "From: Eve <eve@example.org>\r\n" + mail),
        ("the same From again on top", false, false, mail => "From: Ann <ann@example.com>\r\n" + mail),
        ("a second From below", false, false, mail => BelowHeader(mail, "From: Eve <eve@example.org>")),
        ("a second Subject", false, false, mail => "Subject: Invoice\r\n" + mail),
        ("a second To", false, false, mail => "To: eve@example.org\r\n" + mail),
        ("a second Content-Type", false, false, mail => "Content-Type: text/html\r\n" + mail),
        ("a Reply-To where none was", false, false, mail => "Reply-To: eve@example.org\r\n" + mail),
        ("a Cc where none was", false, false, mail => BelowHeader(mail, "cc: eve@example.org")),
        ("From with a space before the colon", false, false, mail => "From : eve@example.org\r\n" + mail),
        ("From folded before the colon", false, false, mail => "From\r\n : eve@example.org\r\n" + mail),
        ("From on a line with a NUL", true, true, mail => "From\0: eve@example.org\r\n" + mail),
        ("a header that nobody signs", true, true, mail => "X-Spam: no\r\n" + mail),
        ("another boundary", false, false, mail => Change(mail, "boundary=\"b1\"", "boundary=\"b2\"")),
        ("another case in a value", false, false, mail => Change(mail, "Ann <", "ANN <")),
        ("no Subject", false, false, mail => Change(mail, "Subject: Quarterly  numbers\r\n\tfor you\r\n", "")),
        ("From and To swapped", true, true, SwapFromAndTo),
        ("a header folded anew", true, false, mail => Change(mail, "numbers\r\n\tfor", "numbers for")),
        ("a header name in another case", true, false, mail => Change(mail, "Message-ID: <", "message-id: <")),
        ("spaces at the end of a header", true, false, mail => Change(mail, "+0000\r\n", "+0000  \r\n")),
        ("spaces inside a header collapsed", true, false, mail => Change(mail, "Quarterly  ", "Quarterly ")),
        ("the signature folded anew", true, false, mail => Change(mail, "v=1; a=", "v=1;\r\n\ta=")),
        ("the signature lives longer", false, false, mail => Change(mail, "x=1700604800", "x=1800604800")),
        ("a line behind the body", false, false, mail => mail + "buy now\r\n"),
        ("empty lines behind the body", true, true, mail => mail + "\r\n\r\n\r\n"),
        ("no line end behind the body", true, true, mail => mail[..^2]),
        ("spaces at the end of a body line", true, false, mail => Change(mail, "well.\r\n", "well. \t\r\n")),
        ("spaces at the start of a body line", false, false, mail => Change(mail, "all is", " all is")),
        ("spaces inside a body line collapsed", true, false, mail => Change(mail, "Hello  Bob", "Hello Bob")),
        ("an empty line in the body gone", false, false, mail => Change(mail, "Bob,\r\n\r\n", "Bob,\r\n")),
        ("a line before the body", false, false, mail => Change(mail, FirstBodyLine, "x\r\n" + FirstBodyLine)),
    ];

    public static TheoryData<string, bool, bool> Table =>
        [.. Mutations.Select(m => new TheoryDataRow<string, bool, bool>(m.Name, m.Relaxed, m.Simple))];

    public static TheoryData<string> OversignedNames => [.. DkimSigningOptions.DefaultOversigned];

    [Theory]
    [MemberData(nameof(Table))]
    public async Task A13_a_change_on_the_way_is_judged_as_RFC_6376_says(string name, bool relaxed, bool simple)
    {
        var change = Mutations.Single(m => m.Name == name).Change;
        var asRelaxed = await SampleMail.VerifyAsync(change(SampleMail.Signed(Canonicalization.Relaxed)));
        var asSimple = await SampleMail.VerifyAsync(change(SampleMail.Signed(Canonicalization.Simple)));
        Assert.Equal(relaxed ? DkimStatus.Pass : DkimStatus.Fail, asRelaxed.Status);
        Assert.Equal(simple ? DkimStatus.Pass : DkimStatus.Fail, asSimple.Status);
    }

    [Theory]
    [MemberData(nameof(OversignedNames))]
    public async Task A13_any_added_header_of_the_oversigned_breaks_our_signature(string name)
    {
        foreach (var mode in Enum.GetValues<Canonicalization>())
        {
            var mail = SampleMail.Signed(mode);
            var onTop = await SampleMail.VerifyAsync($"{name}: x\r\n{mail}");
            var below = await SampleMail.VerifyAsync(BelowHeader(mail, $"{name.ToUpperInvariant()}: x"));
            Assert.Equal((DkimStatus.Fail, DkimStatus.Fail), (onTop.Status, below.Status));
        }
    }

    [Fact]
    public async Task A13_our_signature_leaves_no_header_of_the_oversigned_addable()
    {
        var verdict = await SampleMail.VerifyAsync(SampleMail.Signed());
        Assert.True(verdict.CoversFromAndBody);
        Assert.Empty(verdict.UncoveredHeaders);
        Assert.Empty(verdict.AddableHeaders.Intersect(DkimSigningOptions.DefaultOversigned));
    }

    [Fact]
    public async Task A13_text_behind_a_length_passes_but_is_reported()
    {
        var template = "v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=rsa; l=13; h=from:from; bh={bh}; b={b}";
        var mail = CraftedSignature.Mail(template, CaseFiles.Unescape);
        var verdict = Assert.Single(await SampleMail.VerifyAsync([.. mail, .. "x\r\nforged <b>body</b>\r\n"u8]));
        Assert.Equal(DkimStatus.Pass, verdict.Status);
        Assert.True(verdict.UsesBodyLength);
        Assert.Equal(25, verdict.UncoveredBodyBytes); // the empty line is content again, and two lines follow
        Assert.False(verdict.CoversFromAndBody);
    }

    [Fact]
    public async Task A13_a_From_that_is_not_oversigned_can_be_added_and_is_reported()
    {
        var template = "v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=rsa; h=from; bh={bh}; b={b}";
        var mail = CraftedSignature.Mail(template, CaseFiles.Unescape);
        var verdict = Assert.Single(await SampleMail.VerifyAsync([.. "From: eve@example.org\r\n"u8, .. mail]));
        Assert.Equal(DkimStatus.Pass, verdict.Status);
        Assert.Contains("From", verdict.UncoveredHeaders);
        Assert.Contains("From", verdict.AddableHeaders);
        Assert.False(verdict.CoversFromAndBody);
    }

    private static string Change(string mail, string from, string to)
    {
        Assert.Contains(from, mail, StringComparison.Ordinal);
        return mail.Replace(from, to, StringComparison.Ordinal);
    }

    private static string BelowHeader(string mail, string field)
    {
        var end = mail.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        return $"{mail[..end]}\r\n{field}{mail[end..]}";
    }

    private static string SwapFromAndTo(string mail)
    {
        const string from = "From: Ann <ann@example.com>\r\n";
        const string to = "To: Bob <bob@example.net>\r\n";
        return Change(mail, from + to, to + from);
    }
}
