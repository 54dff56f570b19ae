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

    [Fact]
    public void Bad_punycode_is_refused_in_a_domain()
    {
        foreach (var (_, encoded) in Vectors("bad_punycode_tests.json"))
            Assert.False(EmailAddress.TryParse($"a@xn--{encoded}.example", out _, out _), encoded);
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
