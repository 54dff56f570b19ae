using System.Text.Json;
using Gateway.Mail.Addresses;
using Gateway.Mail.Dns;

namespace Gateway.Mail.Tests.Dns;

public sealed class PublicSuffixTests
{
    [Fact]
    public void Every_official_vector_holds()
    {
        var list = PublicSuffixes.Read(
            File.ReadAllText(Corpora.Path("public-suffix-list", "public_suffix_list.dat")),
            ToAscii
        );
        Assert.True(list.Count > 5_000);
        using var vectors = JsonDocument.Parse(File.ReadAllText(Corpora.Path("public-suffix-list", "test_psl.json")));
        var wrong = new List<string>();
        foreach (var row in vectors.RootElement.EnumerateArray())
        {
            var (input, expected) = (row.GetProperty("input").GetString(), row.GetProperty("registrable").GetString());
            var given = input is null ? "" : ToAscii(input) ?? input.ToLowerInvariant();
            var found = list.Registrable(given);
            if (found != (expected is null ? null : ToAscii(expected)))
            {
                wrong.Add($"{input}: {found}, not {expected}");
            }
        }

        Assert.Empty(wrong);
        TestContext.Current.TestOutputHelper?.WriteLine($"{vectors.RootElement.GetArrayLength()} vectors");
    }

    [Fact]
    public void Rules_wildcards_and_exceptions_are_told_apart()
    {
        var list = PublicSuffixes.Read("// a list\ncom\n*.ck // any\n!www.ck\nco.uk\r\nuk\nhost.com\n", ToAscii);
        Assert.True(list.IsPublicSuffix("com"));
        Assert.True(list.IsPublicSuffix("host.com"));
        Assert.True(list.IsPublicSuffix("anything.ck"));
        Assert.True(list.IsPublicSuffix("unlisted"));
        Assert.Equal("www.ck", list.Registrable("www.ck"));
        Assert.Equal("www.ck", list.Registrable("a.www.ck"));
        Assert.Equal("a.host.com", list.Registrable("b.a.host.com"));
        Assert.Equal("a.unlisted", list.Registrable("b.a.unlisted"));
        Assert.Throws<FormatException>(() => PublicSuffixes.Read("// nothing\n", ToAscii));
    }

    private static string? ToAscii(string domain) =>
        EmailAddress.TryParse("a@" + domain, out var address, out _) ? address.Domain
        : EmailAddress.TryParse("a@a." + domain, out address, out _) ? address.Domain[2..]
        : null;
}
