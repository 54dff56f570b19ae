using Gateway.Mail.Addresses;
using Gateway.Mail.Messages;

namespace Gateway.Mail.Tests.Messages.Composition;

/// <summary>Seeded random messages of all shapes: names, texts, HTML, inline and attached files.</summary>
internal static class RandomMail
{
    public static OutgoingMessage Of(int seed)
    {
        var random = new RandomText(seed);
        var message = Composed.Message(random.Line(random.Chance(2) ? 300 : 12)) with
        {
            BoundarySeed = $"{seed}",
            Subject = random.Line(20),
            Sender = random.Chance(20) ? Mailbox(random, 0) : null,
            ReplyTo = Mailboxes(random, 2),
            To = Mailboxes(random, 4),
            Cc = Mailboxes(random, 3),
            Text = random.Chance(70) ? random.Block(8) : null,
            Html = random.Chance(60) ? $"<p>{random.Block(8)}</p>" : null,
            Headers = random.Chance(50) ? [Composed.Header("X-Random", random.Line(15))] : [],
        };
        return message with { Attachments = Attachments(random) };
    }

    private static Mailbox[] Mailboxes(RandomText random, int below) =>
        [.. Enumerable.Range(0, random.Next(below)).Select(i => Mailbox(random, i))];

    private static Mailbox Mailbox(RandomText random, int i) =>
        new(
            random.Chance(70) ? random.Line(10) : null,
            Composed.Address(i == 0 ? "\"a b\"@bücher.example" : $"to{i}@example.com")
        );

    private static Attachment[] Attachments(RandomText random) =>
        [
            .. Enumerable
                .Range(0, random.Next(3))
                .Select(i => new Attachment
                {
                    FileName = random.Line(random.Chance(10) ? 60 : 8),
                    ContentType = random.Chance(50) ? "image/png" : "application/pdf",
                    Content = random.Bytes(500),
                    ContentId = random.Chance(50) ? $"id{i}@sender.example" : null,
                    Inline = random.Chance(50),
                }),
        ];
}
