using System.Text;
using System.Text.Json;
using Gateway.Mail.Addresses;
using Gateway.Mail.Tests.Messages.Composition;
using Gateway.Mail.Tests.Peers;

namespace Gateway.Mail.Tests.Addresses;

/// <summary>A8: one text, one address, whoever reads it. Where CPython reads another address we must have refused.</summary>
public sealed class A08_AddressConfusionTests
{
    private const int Random = 20_000;

    [Fact]
    public async Task An_accepted_address_is_the_address_that_Python_reads()
    {
        var accepted = Candidates()
            .Select(static text => EmailAddress.TryParse(text, out var address, out _) ? (text, address) : default)
            .Where(static pair => pair.address is not null)
            .ToList();
        var answers = await PythonMail.ParseAddresses(accepted.Select(static pair => pair.text));

        Assert.True(accepted.Count > 500, $"{accepted.Count} accepted");
        for (var i = 0; i < accepted.Count; i++)
            AssertSame(accepted[i].text, accepted[i].address!, answers[i]);
    }

    [Fact]
    public async Task An_accepted_mailbox_has_the_address_that_Python_reads()
    {
        var accepted = Candidates()
            .SelectMany(static text => new[] { text, $"<{text}>", $"Name <{text}>", $"\"a@b.example\" <{text}>" })
            .Select(static text => Mailbox.TryParse(text, out var mailbox, out _) ? (text, mailbox) : default)
            .Where(static pair => pair.mailbox is not null)
            .ToList();
        var answers = await PythonMail.ParseAddresses(accepted.Select(static pair => pair.text));

        for (var i = 0; i < accepted.Count; i++)
            AssertSame(accepted[i].text, accepted[i].mailbox!.Address, answers[i]);
    }

    [Fact]
    public async Task No_text_around_an_address_makes_Python_read_another()
    {
        var accepted = Enumerable
            .Range(0, Random)
            .Select(static seed => RandomMailbox(new RandomText(seed)))
            .Select(static text => Mailbox.TryParse(text, out var mailbox, out _) ? (text, mailbox) : default)
            .Where(static pair => pair.mailbox is not null)
            .ToList();
        var answers = await PythonMail.ParseAddresses(accepted.Select(static pair => pair.text));

        Assert.True(accepted.Count > 500, $"{accepted.Count} accepted");
        for (var i = 0; i < accepted.Count; i++)
        {
            // Python fails on a dot right before '<' (an AttributeError of its own): no address is not another address.
            if (answers[i].ValueKind != JsonValueKind.Null)
                AssertSame(accepted[i].text, accepted[i].mailbox!.Address, answers[i]);
            else
                Assert.Contains('.', accepted[i].text[..accepted[i].text.IndexOf('<', StringComparison.Ordinal)]);
        }
    }

    [Fact]
    public void Policy_key_and_wire_form_come_back_from_the_wire_form()
    {
        foreach (var text in Candidates())
        {
            if (!EmailAddress.TryParse(text, out var address, out _))
                continue;
            Assert.True(EmailAddress.TryParse(address.ToString(), out var again, out var error), $"{text}: {error}");
            Assert.Equal(address, again);
            Assert.Equal(address.Key, again.Key);
            Assert.Equal(address.Domain, again.Domain);
            Assert.True(
                EmailAddress.TryParse($"x@{address.UnicodeDomain}", out var shown, out error),
                $"{text}: {error}"
            );
            Assert.Equal(address.Domain, shown.Domain);
            Assert.EndsWith("@" + address.Domain, address.Key, StringComparison.Ordinal);
        }
    }

    private static void AssertSame(string text, EmailAddress address, JsonElement answer)
    {
        Assert.True(answer.ValueKind == JsonValueKind.Array, $"Python cannot read {text}");
        Assert.True(answer.GetArrayLength() == 1, $"Python reads {answer} in {text}");
        Assert.True(address.LocalPart == answer[0][1].GetString(), $"Python reads {answer} in {text}");
        Assert.True(
            EmailAddress.TryParse($"x@{answer[0][2].GetString()}", out var other, out var error),
            $"{text}: {error}"
        );
        Assert.Equal(address.Domain, other.Domain);
    }

    private static IEnumerable<string> Candidates()
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(Corpora.Path("address-isemail", "tests.json")));
        foreach (var test in file.RootElement.EnumerateArray())
            yield return test.GetProperty("address").GetString()!;
        foreach (var (_, _, input, _) in A05_EnvelopeInjectionTests.Cases())
        {
            if (input.Length < 1_000)
                yield return input;
        }

        for (var seed = 0; seed < Random; seed++)
            yield return RandomAddress(new RandomText(seed));
    }

    private static readonly string[] Pieces =
    [
        "a",
        "b.c",
        "x+y",
        ".",
        "\"",
        "\\",
        "\"a b\"",
        "\"a@b\"",
        "\"\\\"\"",
        "\"\\a\"",
        "@",
        "example",
        ".com",
        "-",
        "é",
        "中",
        "bücher",
        "\u00AD",
        "\u200B",
        "ｅ",
        "。",
        "ß",
        "İ",
        "xn--bcher-kva",
        "xn--a",
        "(c)",
        " ",
        ",",
        ";",
        ":",
        "<",
        ">",
        "[",
        "]",
        "1",
        "\u0301",
        "\u202E",
        "\u05D0",
        "'",
        "=?utf-8?q?x?=",
        "%",
        "!",
        "😀",
        "\t",
        "\r\n",
        "\0",
        "/",
        "K",
    ];

    private static string RandomMailbox(RandomText random)
    {
        var text = new StringBuilder();
        for (var count = random.Next(4); count > 0; count--)
            text.Append(Pieces[random.Next(Pieces.Length)]).Append(random.Chance(50) ? " " : "");
        text.Append(random.Chance(80) ? "<c@d.example>" : "c@d.example");
        for (var count = random.Next(2); count > 0; count--)
            text.Append(Pieces[random.Next(Pieces.Length)]);
        return text.ToString();
    }

    private static string RandomAddress(RandomText random)
    {
        var text = new StringBuilder();
        for (var count = random.Next(3) + 1; count > 0; count--)
            text.Append(Pieces[random.Next(Pieces.Length)]);
        text.Append('@');
        for (var count = random.Next(3); count > 0; count--)
            text.Append(Pieces[random.Next(Pieces.Length)]);
        return text.Append(random.Chance(70) ? ".example.com" : "").ToString();
    }
}
