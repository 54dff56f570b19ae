using System.Text.Json;
using Gateway.Mail.Addresses;

namespace Gateway.Mail.Tests.Addresses;

public sealed class IdnaCorpusTests
{
    [Fact]
    public void Every_vector_encodes_and_decodes()
    {
        foreach (var (decoded, encoded) in Vectors("punycode_tests.json"))
        {
            Assert.True(Punycode.TryEncode(decoded, out var written), decoded);
            Assert.Equal(encoded, written);
            Assert.True(Punycode.TryDecode(encoded, out var read), encoded);
            Assert.Equal(decoded, read);
        }
    }

    // Bad as Punycode, it cannot be decoded; bad as a name, its domain is refused. Nothing else may come of it.
    [Fact]
    public void Bad_punycode_is_refused_in_a_domain()
    {
        foreach (var (_, encoded) in Vectors("bad_punycode_tests.json"))
        {
            var prefixed = encoded.StartsWith("xn--", StringComparison.OrdinalIgnoreCase) ? encoded : $"xn--{encoded}";
            var accepted = EmailAddress.TryParse($"a@{prefixed}.example", out _, out _);
            Assert.False(accepted && !Punycode.TryDecode(prefixed.AsSpan(4), out _), encoded);
        }
    }

    [Theory]
    [InlineData("99999999")]
    [InlineData("a-b!")]
    [InlineData("é")]
    [InlineData("0000h")]
    public void What_no_text_encodes_to_is_not_decoded(string encoded) =>
        Assert.False(Punycode.TryDecode(encoded, out _));

    [Fact]
    public void Any_text_comes_back_from_punycode()
    {
        for (var seed = 0; seed < 5_000; seed++)
        {
            var text = new Messages.Composition.RandomText(seed).Line(12);
            Assert.True(Punycode.TryEncode(text, out var encoded));
            Assert.True(Punycode.TryDecode(encoded, out var decoded), encoded);
            Assert.Equal(text, decoded);
        }
    }

    private static IEnumerable<(string Decoded, string Encoded)> Vectors(string file)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Corpora.Path("idna", file)));
        foreach (var test in json.RootElement.EnumerateArray())
        {
            if (test.ValueKind == JsonValueKind.String)
                yield return ("", test.GetString()!);
            else
                yield return (Text(test, "decoded"), Text(test, "encoded"));
        }
    }

    private static string Text(JsonElement test, string name) =>
        test.TryGetProperty(name, out var value) ? value.GetString()! : "";
}
