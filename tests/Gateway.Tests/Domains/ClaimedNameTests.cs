using Gateway.Domains;

namespace Gateway.Tests.Domains;

public sealed class ClaimedNameTests
{
    [Theory]
    [InlineData("example.com", "example.com")]
    [InlineData("EXAMPLE.Com.", "example.com")]
    [InlineData("mail.Bücher.example", "mail.xn--bcher-kva.example")]
    [InlineData("MAIL.XN--BCHER-KVA.EXAMPLE", "mail.xn--bcher-kva.example")]
    [InlineData("ｅｘａｍｐｌｅ。com", "example.com")]
    [InlineData("faß.example", "xn--fa-hia.example")]
    public void Every_spelling_of_a_name_is_one(string given, string ascii)
    {
        Assert.Equal(ascii, ClaimedName.Read(given, PublicSuffixList.WithoutFile, out var error));
        Assert.Null(error);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("a@example.com")]
    [InlineData("x@y@example.com")]
    [InlineData("example.com..")]
    [InlineData(".example.com")]
    [InlineData("exam ple.com")]
    [InlineData("exam\u00adple.com")]
    [InlineData("[127.0.0.1]")]
    [InlineData("127.0.0.1")]
    [InlineData("*.example.com")]
    [InlineData("xn--a.example")]
    [InlineData("example.com\r\n")]
    [InlineData("exаmple.com\0")]
    public void What_is_no_domain_is_refused(string? given)
    {
        Assert.Null(ClaimedName.Read(given, PublicSuffixList.WithoutFile, out var error));
        Assert.Equal(("domain_invalid", "domain"), (error!.Code, error.Field));
    }

    [Theory]
    [InlineData("co.uk")]
    [InlineData("CO.UK.")]
    [InlineData("github.io")]
    [InlineData("com.au")]
    public void A_public_suffix_is_nobodys(string given)
    {
        PublicSuffixList[] lists = File.Exists(PublicSuffixList.DebianFile)
            ? [PublicSuffixList.WithoutFile, PublicSuffixList.Load(null)]
            : [PublicSuffixList.WithoutFile];
        foreach (var list in lists)
        {
            Assert.Null(ClaimedName.Read(given, list, out var error));
            Assert.Equal("public_suffix", error!.Code);
            Assert.NotNull(ClaimedName.Read("mine." + given, list, out _));
        }
    }

    [Fact]
    public void A_file_that_is_named_must_be_a_list()
    {
        var problem = Assert.Throws<InvalidOperationException>(() => PublicSuffixList.Load("/nonexistent/list.dat"));
        Assert.Contains("Gateway:Domains:PublicSuffixList", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_names_above_end_where_somebody_registered() =>
        Assert.Equal(
            ["b.example.co.uk", "example.co.uk"],
            ClaimedName.Ancestors("a.b.example.co.uk", PublicSuffixList.WithoutFile)
        );

    [Fact]
    public void The_text_of_one_claim_is_never_that_of_another()
    {
        var random = Challenge.New();
        var (a, b) = (Guid.NewGuid(), Guid.NewGuid());
        string[] texts =
        [
            Challenge.Text(a, "one.example", random),
            Challenge.Text(b, "one.example", random),
            Challenge.Text(a, "two.example", random),
            Challenge.Text(a, "one.example", Challenge.New()),
        ];
        Assert.Equal(4, texts.Distinct().Count());
        Assert.Equal(texts[0], Challenge.Text(a, "one.example", random));
        Assert.True(Challenge.IsAmong(["x", $" \"{texts[0]}\" "], texts[0]));
        Assert.False(Challenge.IsAmong([texts[0] + "x", texts[0].ToUpperInvariant()], texts[0]));
    }
}
