using System.Text.Json;
using Gateway.Mail.Addresses;
using Gateway.Mail.Smtp;

namespace Gateway.Mail.Tests.Smtp;

public sealed class SmtpPathTests
{
    [Theory]
    [InlineData("a@b")]
    [InlineData("a.b+c=d@example.com")]
    [InlineData("a..b.@docomo.example")]
    [InlineData("\"a b\"@example.com")]
    [InlineData("\"a>b\\\"c@d\"@example.com")]
    [InlineData("a@[192.0.2.1]")]
    [InlineData("a@[IPv6:2001:db8::1]")]
    [InlineData("jörg@bücher.example")]
    public void A_mailbox_is_taken_as_it_is(string text)
    {
        Assert.True(SmtpPath.TryCreate(text, out var path));
        Assert.Equal(text, path.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("@b")]
    [InlineData("a@")]
    [InlineData("a b@c")]
    [InlineData("a@b c")]
    [InlineData("a@b>")]
    [InlineData("<a@b>")]
    [InlineData("a@b@c")]
    [InlineData("a@b\r\n")]
    [InlineData("\"a\r\nb\"@c")]
    [InlineData("\"a\0b\"@c")]
    [InlineData("\"a\\\"@c")]
    [InlineData("\"a\"b@c")]
    [InlineData("a@[b c]")]
    [InlineData("a@[]")]
    [InlineData("a@ex\u00adample.com")]
    [InlineData("a\u2028@b")]
    [InlineData("a\ud800@b")]
    [InlineData("a@.b")]
    [InlineData("a@-b")]
    public void What_could_leave_its_brackets_is_not_taken(string? text) =>
        Assert.False(SmtpPath.TryCreate(text, out _));

    [Fact]
    public void A_path_has_at_most_254_octets()
    {
        Assert.True(SmtpPath.TryCreate(new string('a', 252) + "@b", out _));
        Assert.False(SmtpPath.TryCreate(new string('a', 253) + "@b", out _));
        Assert.False(SmtpPath.TryCreate(new string('ö', 127) + "@b", out _));
    }

    [Fact]
    public void Every_address_of_the_one_parser_is_a_path_with_the_same_need_of_SMTPUTF8()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Corpora.Path("address-isemail", "tests.json")));
        var corpus = json.RootElement.EnumerateArray().Select(e => e.GetProperty("address").GetString()!);
        string[] pieces =
        [
            "a",
            ".",
            "\"",
            "\\",
            " ",
            "ö",
            "@",
            "@b.example",
            "[192.0.2.1]",
            "日本",
            "-",
            "+",
            "<",
            ">",
            "é",
            "x\u200dy",
        ];
        var random = new Random(7);
        var made = Enumerable
            .Range(0, 50_000)
            .Select(_ =>
                string.Concat(Enumerable.Range(0, random.Next(1, 7)).Select(_ => pieces[random.Next(pieces.Length)]))
            );
        var seen = 0;
        foreach (var text in corpus.Concat(made).Concat(made.Select(m => $"\"{m}\"@b.example")))
        {
            if (EmailAddress.TryParse(text, out var address, out _))
            {
                var path = SmtpPath.Of(address);
                Assert.Equal(address.ToString(), path.ToString());
                Assert.Equal(address.IsInternational, path.IsInternational);
                seen++;
            }
        }

        Assert.True(seen > 1000);
    }

    [Fact]
    public void The_null_path_is_empty() => Assert.True(SmtpPath.Null is { IsNull: true, IsInternational: false });
}
