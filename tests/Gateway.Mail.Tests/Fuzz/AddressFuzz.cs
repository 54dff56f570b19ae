using System.Text;
using Gateway.Mail.Addresses;
using Gateway.Mail.Messages;
using Gateway.Mail.Tests.Messages.Composition;

namespace Gateway.Mail.Tests.Fuzz;

/// <summary>Whatever is accepted as an address is one value: written anywhere and read again it is the same.</summary>
public sealed class AddressFuzz
{
    private static readonly byte[][] Tokens = Mutation.Tokens(
        "@",
        "<",
        ">",
        ",",
        ";",
        ":",
        "\"",
        "\\",
        "(",
        ")",
        "[",
        "]",
        "[IPv6:::1]",
        "[127.0.0.1]",
        ".",
        " ",
        "\r\n ",
        "\r",
        "\n",
        "\0",
        "\t",
        "=?utf-8?q?",
        "=?utf-8?b?",
        "=0D=0A",
        "=3E=2C",
        "?=",
        "xn--",
        "xn--a-ecp.ru",
        "\u200D",
        "\u00AD",
        "\u3002",
        "\uFF20",
        "\u0130",
        "\u00DF",
        "\u05D0",
        "\uD83D\uDE00",
        "Bcc:",
        "a@b.example"
    );

    [Fact]
    [Trait("Fuzz", "addresses")]
    public Task An_accepted_address_is_read_back_the_same_wherever_it_is_written() =>
        FuzzRun.OverAsync(
            KeptSeeds.Of("addresses"),
            Tokens,
            (input, random) =>
            {
                var text = random.Next(2) == 0 ? Encoding.UTF8.GetString(input) : Encoding.Latin1.GetString(input);
                if (EmailAddress.TryParse(text, out var address, out _))
                {
                    Address(address);
                }

                if (Mailbox.TryParse(text, out var mailbox, out _))
                {
                    Named(mailbox);
                }

                _ = AddressList.TryParse(text, out var entries, out _);
                foreach (var found in AddressList.Addresses(entries))
                {
                    Address(found);
                }
            }
        );

    private static void Address(EmailAddress address)
    {
        Assert.True(EmailAddress.TryParse(address.ToString(), out var again, out var error), $"{address} {error}");
        Assert.Equal(address, again);
        Assert.Equal(address.Key, again.Key);
        Assert.False(address.ToString().AsSpan().ContainsAny('\r', '\n', '\0'));
        Assert.DoesNotContain(address.Domain, static c => c is > '~' or <= ' ');
        Assert.True(Mailbox.TryParse(address.ToString(), out var alone, out error), $"{address} {error}");
        Assert.Equal(address, alone.Address);
    }

    private static void Named(Mailbox mailbox)
    {
        Address(mailbox.Address);
        var message = Composed.Message() with { To = [mailbox] };
        var field = MimeMessage.Parse(Composed.Bytes(message)).Headers.First("to")!.Value.Value;
        Assert.True(Mailbox.TryParse(field, out var again, out var error), $"{field} {error}");
        Assert.Equal((mailbox.Name, mailbox.Address), (again.Name, again.Address));
    }
}
