using System.Text.Json;
using Gateway.Mail.Addresses;

namespace Gateway.Mail.Tests.Addresses;

public sealed class FlankerCorpusTests
{
    [Fact]
    public void Mailboxes_are_told_apart_as_flanker_does()
    {
        var wrong = new List<string>();
        var count = 0;
        foreach (var (file, text) in Entries(static name => !name.Contains("typos", StringComparison.Ordinal)))
        {
            count++;
            if (Accepts(file, text) != file.EndsWith("_valid.json", StringComparison.Ordinal))
                wrong.Add($"{file}: {text}");
        }

        Assert.True(wrong.Count <= count * 0.02, string.Join('\n', wrong));
    }

    // The typo lists hold "typed,meant" pairs and domains that have no correction: both the meant and the latter exist.
    [Fact]
    public void Every_real_domain_of_the_typo_lists_is_accepted()
    {
        var refused = Entries(static name => name.Contains("typos", StringComparison.Ordinal))
            .Select(e => e.Text[(e.Text.LastIndexOf(',') + 1)..])
            .Where(domain => !EmailAddress.TryParse($"a@{domain}", out _, out _))
            .ToList();

        Assert.Empty(refused);
    }

    private static bool Accepts(string file, string text)
    {
        if (file.Contains("domain", StringComparison.Ordinal))
            text = $"a@{text}";
        else if (file.Contains("localpart", StringComparison.Ordinal))
            text += "@example.com";
        return Mailbox.TryParse(text, out _, out _);
    }

    private static IEnumerable<(string File, string Text)> Entries(Func<string, bool> included)
    {
        foreach (var path in Directory.EnumerateFiles(Corpora.Path("address-flanker"), "*.json"))
        {
            if (!included(Path.GetFileName(path)))
                continue;
            foreach (var text in JsonSerializer.Deserialize<string[]>(File.ReadAllBytes(path))!)
                yield return (Path.GetFileName(path), text);
        }
    }
}
