using System.Text;
using System.Text.Json;
using Gateway.Mail.Smtp;
using Gateway.Mail.Tests.Smtp.Peers;

namespace Gateway.Mail.Tests.Smtp.Attacks;

/// <summary>A5: no text in any place of the envelope becomes a command.</summary>
public sealed class A05EnvelopeInjectionTests
{
    private static readonly string[] Pieces =
    [
        "a",
        "b.c",
        "@",
        "@example.com",
        "\"",
        "\\",
        "<",
        ">",
        " ",
        "\r\n",
        "\r",
        "\n",
        "\0",
        "RCPT TO:<evil@x.example>",
        "(x)",
        ",",
        ";",
        ":",
        "[",
        "]",
        "ö",
        "\u2028",
        "\u00ad",
        "\ud800",
        "%0d%0a",
        "DATA",
        "SIZE=1",
        "\t",
        "日本",
        "'",
        ".",
    ];

    [Fact]
    public async Task Of_100000_random_strings_each_taken_one_is_exactly_one_RCPT()
    {
        var random = new Random(30227);
        var taken = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < 100_000; i++)
        {
            var text = string.Concat(
                Enumerable.Range(0, random.Next(1, 8)).Select(_ => Pieces[random.Next(Pieces.Length)])
            );
            text = i % 3 == 0 ? $"\"{text}\"@example.com" : text;
            if (SmtpPath.TryCreate(text, out var path))
            {
                Assert.Equal(text, path.ToString());
                Assert.Equal(-1, text.AsSpan().IndexOfAny('\r', '\n', '\0'));
                taken.Add(text);
            }
        }

        Assert.True(taken.Count > 1000);
        await Prove(taken);
    }

    [Fact]
    public void A_line_end_makes_no_name_and_no_login()
    {
        string[] names =
        [
            "me.example\r\nMAIL FROM:<a@b.example>",
            "a b",
            "",
            "a\nb",
            "x\0",
            "<x>",
            new string('a', 256),
        ];
        foreach (var name in names)
        {
            Assert.Throws<ArgumentException>(() => SmtpClientTests.To(25) with { HelloName = name });
        }

        Assert.Throws<ArgumentException>(() => new SmtpCredentials("a\0b", "c"));
        Assert.Throws<ArgumentException>(() => new SmtpCredentials("a", "c\0"));
    }

    [Fact]
    public async Task A_login_with_line_ends_is_one_command()
    {
        var script = new SmtpScript { Extensions = ["AUTH PLAIN"] };
        await using var server = new SmtpScriptServer(script);
        var options = SmtpClientTests.To(server.Port) with
        {
            AllowPlaintextAuth = true,
            Credentials = new SmtpCredentials("a\r\nRSET", "b\r\nRSET"),
        };
        await using var client = await SmtpConnection.ConnectAsync(options);
        Assert.Equal(2, server.Commands.Count);
    }

    [Fact]
    public async Task The_advisories_of_the_corpus_bring_no_extra_command()
    {
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(Corpora.Path("advisory-inputs", "cases.json")));
        var taken = new HashSet<string>(StringComparer.Ordinal);
        var cases = 0;
        foreach (var c in json.RootElement.EnumerateArray().Where(IsEnvelope))
        {
            cases++;
            var input = c.GetProperty("input").GetString()!;
            var must = c.GetProperty("must").GetString()!;
            var refuse =
                must.StartsWith("refuse with", StringComparison.Ordinal)
                || must.StartsWith("refuse;", StringComparison.Ordinal);
            var made = SmtpPath.TryCreate(input, out _);
            Assert.False(made && refuse, input);
            if (made)
            {
                taken.Add(input);
            }
        }

        Assert.True(cases >= 5);
        await Prove(taken);
    }

    [Theory]
    [InlineData("EHLO a b")]
    [InlineData("EHLO <x>")]
    [InlineData("EHLO x\u00ad.example")]
    [InlineData("EHLO (x)")]
    public async Task Our_session_takes_no_such_EHLO_name(string line)
    {
        await using var host = new SessionHost();
        await using var talk = await host.Talk();
        await talk.Hear();
        Assert.StartsWith("501 5.5.4", await talk.Ask(line), StringComparison.Ordinal);
    }

    private static bool IsEnvelope(JsonElement c) =>
        c.GetProperty("input").ValueKind == JsonValueKind.String
        && (
            c.GetProperty("field").GetString()!.StartsWith("recipient", StringComparison.Ordinal)
            || c.GetProperty("field").GetString()!.StartsWith("sender", StringComparison.Ordinal)
        );

    // Both ways of sending; the server's log must hold exactly what was meant.
    private static async Task Prove(IReadOnlyCollection<string> mailboxes)
    {
        await using var server = new SmtpScriptServer();
        await using var client = await SmtpConnection.ConnectAsync(SmtpClientTests.To(server.Port));
        var expected = new List<string> { "EHLO client.example" };
        var content = "a: b\r\n\r\n"u8.ToArray();
        var messages = new List<SmtpSubmission>();
        foreach (var chunk in mailboxes.Chunk(50))
        {
            var envelope = new SmtpEnvelope(SmtpClientTests.Path(chunk[0]), [.. chunk.Select(SmtpClientTests.Path)]);
            messages.Add(new SmtpSubmission(envelope, new(content)));
            var utf8 = chunk.All(m => Ascii.IsValid(m)) ? "" : " BODY=8BITMIME SMTPUTF8";
            // The first goes alone; an announced one does not know its size yet.
            var size = messages.Count == 1 ? $" SIZE={content.Length}" : "";
            expected.Add($"MAIL FROM:<{chunk[0]}>{size}{utf8}");
            expected.AddRange(chunk.Select(m => $"RCPT TO:<{m}>"));
            expected.Add("DATA");
        }

        var sent = await client.SendManyAsync(messages);

        Assert.All(sent, s => Assert.True(s.Accepted, s.Detail));
        Assert.Equal(expected, server.Commands);
    }
}
