using System.Text.Json;
using Gateway.Mail.Addresses;

namespace Gateway.Mail.Tests.Addresses;

public sealed class MimeHeaderCorpusTests
{
    [Fact]
    public void Names_and_addresses_are_read_as_mail_parser_reads_them()
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(Corpora.Path("mime-headers", "address.json")));
        var wrong = new List<string>();
        var count = 0;
        foreach (var test in file.RootElement.EnumerateArray())
        {
            count++;
            var header = test.GetProperty("header").GetString()!;
            var expected = Flatten(test.GetProperty("expected"));
            AddressList.TryParse(FirstField(header), out var entries, out var error);
            var actual = Flatten(entries);
            if (actual != expected)
                wrong.Add($"{header.Trim()}\n  expected {expected}\n  actual   {actual} {error.Code}");
        }

        Assert.True(wrong.Count <= count * 0.02, string.Join('\n', wrong));
    }

    // The cases hold the text after the colon; a line that does not begin with white space is no longer this field.
    private static string FirstField(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\n' && (i + 1 == text.Length || text[i + 1] is not (' ' or '\t')))
                return text[..i];
        }

        return text;
    }

    private static string Flatten(JsonElement expected)
    {
        if (expected.ValueKind == JsonValueKind.Null)
            return "";
        if (expected.TryGetProperty("List", out var list))
            return string.Concat(list.EnumerateArray().Select(Show));
        return string.Concat(
            expected
                .GetProperty("Group")
                .EnumerateArray()
                .Select(group =>
                {
                    var members = string.Concat(group.GetProperty("addresses").EnumerateArray().Select(Show));
                    var name = group.GetProperty("name").GetString();
                    return name is null ? members : $"[{name}: {members}]";
                })
        );
    }

    private static string Show(JsonElement mailbox) =>
        $"({mailbox.GetProperty("name").GetString()}|{mailbox.GetProperty("address").GetString()})";

    private static string Flatten(IEnumerable<AddressListEntry> entries) =>
        string.Concat(entries.Select(e => e.IsGroup ? $"[{e.Name}: {Flatten(e.Members!)}]" : $"({e.Name}|{e.Text})"));
}
