using Gateway.Mail.Dns;

namespace Gateway.Mail.Tests.Dns;

public sealed class DnsNameTests
{
    [Theory]
    [InlineData("example", "example")]
    [InlineData("a.example.", "a.example")]
    [InlineData(".", ".")]
    [InlineData(@"a\.b.example", @"a\.b.example")]
    [InlineData(@"a\046b.example", @"a\.b.example")]
    [InlineData(@"\032\255.example", @"\032\255.example")]
    [InlineData(@"\a.example", "a.example")]
    [InlineData("_dmarc.xn--fa-hia.example", "_dmarc.xn--fa-hia.example")]
    public void A_name_is_read_and_written_as_text(string text, string written) =>
        Assert.Equal(written, DnsName.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData(".a")]
    [InlineData("a..b")]
    [InlineData("a b")]
    [InlineData("faß.example")]
    [InlineData("a\n.example")]
    [InlineData(@"a\")]
    [InlineData(@"a\25")]
    [InlineData(@"a\256")]
    public void What_is_no_name_is_refused(string text) => Assert.False(DnsName.TryParse(text, out _));

    [Fact]
    public void Labels_have_63_octets_and_names_255()
    {
        var (longest, label) = (new string('a', 63), new string('a', 64));
        Assert.False(DnsName.TryParse($"{label}.example", out _));
        var three = $"{longest}.{longest}.{longest}";
        Assert.True(DnsName.TryParse($"{three}.{new string('a', 61)}", out var name));
        Assert.Equal(253, name.ToString().Length);
        Assert.False(DnsName.TryParse($"{three}.{new string('a', 62)}", out _));
        Assert.True(DnsName.TryParse($"{three}.{new string('a', 61)}.", out _));
        Assert.False(DnsName.TryParse(string.Concat(Enumerable.Repeat("a.", 200)), out _));
    }

    [Fact]
    public void Case_does_not_tell_names_apart_and_labels_do()
    {
        Assert.Equal(DnsName.Parse("A.Example"), DnsName.Parse("a.eXAMPLE."));
        Assert.Equal(DnsName.Parse("A.Example").GetHashCode(), DnsName.Parse("a.example").GetHashCode());
        Assert.NotEqual(DnsName.Parse(@"a\.b.example"), DnsName.Parse("a.b.example"));
        Assert.True(DnsName.Parse("a.b.Example").IsAtOrBelow(DnsName.Parse("b.example")));
        Assert.True(DnsName.Parse("b.example").IsAtOrBelow(DnsName.Parse("b.example")));
        Assert.True(DnsName.Parse("b.example").IsAtOrBelow(DnsName.Root));
        Assert.False(DnsName.Parse("ab.example").IsAtOrBelow(DnsName.Parse("b.example")));
        Assert.False(DnsName.Parse("example").IsAtOrBelow(DnsName.Parse("b.example")));
    }
}
