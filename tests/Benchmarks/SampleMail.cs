using System.Buffers;
using System.Text;
using Gateway.Mail.Addresses;
using Gateway.Mail.Messages;

namespace Gateway.Benchmarks;

/// <summary>A mail with text and HTML, names that need encoding and a one-click link, of about a given size on the wire.</summary>
internal sealed record SampleMail(string Size, OutgoingMessage Message, byte[] Bytes)
{
    private const string Words = "Your order 4711 has left our warehouse in Köln and will reach you by Thursday. ";

    public static IReadOnlyList<SampleMail> All { get; } = [Of("4 KiB", 4 << 10), Of("50 KiB", 50 << 10)];

    private static SampleMail Of(string size, int bytes)
    {
        var paragraphs = 0;
        while (true)
        {
            var message = Write(++paragraphs);
            var output = new ArrayBufferWriter<byte>();
            MessageComposer.Compose(message, output);
            if (output.WrittenCount >= bytes)
            {
                return new SampleMail(size, message, output.WrittenSpan.ToArray());
            }
        }
    }

    // The text is a third of the paragraphs: a newsletter's HTML is longer than its text.
    private static OutgoingMessage Write(int paragraphs)
    {
        var html = new StringBuilder("<!DOCTYPE html><html><body>");
        var text = new StringBuilder();
        for (var i = 0; i < paragraphs; i++)
        {
            html.Append("<p style=\"margin:0 0 1em\">")
                .Append(Words)
                .Append("<a href=\"https://shop.example/o/4711\">More</a></p>\n");
            text.Append(i % 3 == 0 ? Words + "\n" : "");
        }

        return new OutgoingMessage
        {
            From = new Mailbox("Müller & Söhne", Address("shop@mail.shop.example")),
            To = [new Mailbox("Jörg \"JJ\" Example", Address("joerg@customer.example"))],
            ReplyTo = [new Mailbox(null, Address("help@shop.example"))],
            Subject = "Ihre Bestellung 4711 ist unterwegs – danke",
            Date = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
            MessageId = "0198f2c0-7a10-7000-8000-000000000001@mail.shop.example",
            BoundarySeed = "0198f2c0",
            Text = text.ToString(),
            Html = html.Append("</body></html>\n").ToString(),
            ListUnsubscribe = new ListUnsubscribe(
                new Uri("https://u.shop.example/l/4711"),
                new Uri("mailto:u@shop.example")
            ),
        };
    }

    public static EmailAddress Address(string text) =>
        EmailAddress.TryParse(text, out var address, out var error)
            ? address
            : throw new FormatException($"{text}: {error}");
}
