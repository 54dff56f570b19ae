using System.Text.Json;
using Gateway.Mail.Addresses;

namespace Gateway.Mail.Tests.Addresses;

public sealed class EmailAddressTests
{
    [Fact]
    public void Accepted_addresses_have_one_wire_form_and_one_key()
    {
        foreach (var test in Cases("accepted.json"))
        {
            var text = Text(test, "text");

            Assert.True(EmailAddress.TryParse(text, out var address, out var error), $"{text}: {error}");
            Assert.Equal(Text(test, "wire"), address.ToString());
            Assert.Equal(Text(test, "key"), address.Key);
        }
    }

    [Fact]
    public void Refused_addresses_say_what_would_be_accepted()
    {
        foreach (var test in Cases("refused.json"))
        {
            var text = Text(test, "text");

            Assert.False(EmailAddress.TryParse(text, out var address, out var error), text);
            Assert.Null(address);
            Assert.Equal($"{text}: {Text(test, "code")}", $"{text}: {error.Code}");
            Assert.EndsWith(".", error.Message, StringComparison.Ordinal);
            Assert.InRange(error.Position, 0, text.Length);
        }
    }

    [Fact]
    public void The_standards_lengths_are_the_limits_to_the_octet()
    {
        var local = new string('a', 64);
        var label = new string('b', 63);
        var domain189 = $"{label}.{label}.{new string('c', 61)}";

        Assert.True(Accepts($"{local}@b.example"));
        Assert.False(Accepts($"a{local}@b.example"));
        Assert.True(Accepts($"{new string('é', 32)}@b.example"));
        Assert.False(Accepts($"{new string('é', 33)}@b.example"));
        Assert.True(Accepts($"\"{new string(' ', 62)}\"@b.example"));
        Assert.False(Accepts($"\"{new string(' ', 63)}\"@b.example"));
        Assert.True(Accepts($"a@{label}.example"));
        Assert.False(Accepts($"a@b{label}.example"));
        Assert.Equal(189, domain189.Length);
        Assert.True(Accepts($"{local}@{domain189}"));
        Assert.False(Accepts($"{local}@{domain189}d"));
        Assert.False(Accepts($"a@{label}.{label}.{label}.{new string('c', 61)}"));
        Assert.False(Accepts(new string('a', 100_000)));
    }

    [Theory]
    [InlineData("a@[192.0.2.1]", "a@[192.0.2.1]")]
    [InlineData("a@[ipv6:2001:DB8:0:0:0:0:0:1]", "a@[IPv6:2001:db8::1]")]
    [InlineData("a@[IPv6:::ffff:192.0.2.1]", "a@[IPv6:::ffff:192.0.2.1]")]
    public void An_address_literal_is_accepted_when_asked_for_in_one_spelling(string text, string expected)
    {
        Assert.True(EmailAddress.TryParse(text, AddressForms.AddressLiteral, out var address, out _));
        Assert.Equal(expected, address.ToString());
    }

    [Theory]
    [InlineData("a@[192.0.2]")]
    [InlineData("a@[192.0.2.1.1]")]
    [InlineData("a@[192.0.2.256]")]
    [InlineData("a@[0x7f.0.0.1]")]
    [InlineData("a@[2001:db8::1]")]
    [InlineData("a@[IPv6:2001:db8::1%eth0]")]
    [InlineData("a@[IPv6:1.2.3.4]")]
    [InlineData("a@[IPv6:::1.2.3.04444]")]
    [InlineData("a@[]")]
    [InlineData("a@[")]
    [InlineData("a@[192.0.2.1]x")]
    [InlineData("a@[tag:content]")]
    public void A_malformed_address_literal_is_refused(string text) =>
        Assert.False(EmailAddress.TryParse(text, AddressForms.AddressLiteral, out _, out _));

    [Fact]
    public void An_international_local_part_says_so_and_a_domain_alone_does_not()
    {
        Assert.True(Parse("δ@b.example").IsInternational);
        Assert.False(Parse("d@bücher.example").IsInternational);
        Assert.Equal("bücher.example", Parse("d@xn--bcher-kva.example").UnicodeDomain);
    }

    [Fact]
    public void Equality_is_by_letter_and_the_key_is_not()
    {
        Assert.Equal(Parse("\"a\"@B.example"), Parse("a@b.example"));
        Assert.NotEqual(Parse("A@b.example"), Parse("a@b.example"));
        Assert.Equal(Parse("A@b.example").Key, Parse("a@b.example").Key);
        Assert.Equal(Parse("a@b.example").GetHashCode(), Parse("a@B.example").GetHashCode());
    }

    private static bool Accepts(string text) => EmailAddress.TryParse(text, out _, out _);

    private static EmailAddress Parse(string text)
    {
        Assert.True(EmailAddress.TryParse(text, out var address, out var error), $"{text}: {error}");
        return address;
    }

    private static string Text(JsonElement test, string name) => test.GetProperty(name).GetString()!;

    private static IEnumerable<JsonElement> Cases(string file)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(OwnCorpus.Path("addresses", file)));
        foreach (var test in json.RootElement.EnumerateArray())
            yield return test.Clone();
    }
}
