using Gateway.Mail.Addresses;
using Gateway.Mail.Messages;

namespace Gateway.Mail.Tests.Fuzz;

/// <summary>Compares a message as it was given with the one that our own reader finds in its bytes.</summary>
internal static class ReadBack
{
    public static void AssertSame(OutgoingMessage given, MimeMessage read)
    {
        Assert.Null(read.Refusal);
        Assert.Empty(read.Defects);
        Mailboxes([given.From], read, "From");
        Mailboxes(given.Sender is null ? [] : [given.Sender], read, "Sender");
        Mailboxes(given.ReplyTo, read, "Reply-To");
        Mailboxes(given.To, read, "To");
        Mailboxes(given.Cc, read, "Cc");
        Assert.Equal(given.Subject, read.Headers.First("Subject")!.Value.Text);
        foreach (var field in given.Headers)
        {
            Assert.Equal(field.Value.Value, read.Headers.First(field.Name.Value)!.Value.Text);
        }

        var leaves = read.Parts().Where(part => part.Children.Count == 0).ToList();
        var texts = leaves.Where(part => part.Disposition is null).ToList();
        var isBody = given.Attachments.Count == 0 && (given.Text is null || given.Html is null);
        Text(given.Text, texts, "plain", isBody);
        Text(given.Html, texts, "html", isBody);
        var files = leaves.Where(part => part.Disposition is not null).Select(Shown);
        var inOrder = given.Attachments.OrderBy(file => given.Html is null || !file.Inline);
        Assert.Equal(inOrder.Select(Shown), files);
    }

    private static void Mailboxes(IReadOnlyList<Mailbox> given, MimeMessage read, string name)
    {
        if (given.Count == 0)
        {
            Assert.Null(read.Headers.First(name));
            return;
        }

        Assert.True(AddressList.TryParse(read.Headers.First(name)!.Value.Value, out var entries, out var error));
        Assert.Null(error.Code);
        Assert.Equal(given.Select(m => (m.Name, m.Address)), entries.Select(e => (e.Name, e.Address!)));
    }

    private static void Text(string? given, List<MimePart> texts, string subtype, bool isBody)
    {
        var read = texts.SingleOrDefault(part => part.ContentType.Is("text", subtype))?.DecodeText();
        var lines = given
            ?.Replace("\r\n", "\n", StringComparison.Ordinal)
            .Replace('\r', '\n')
            .Replace("\n", "\r\n", StringComparison.Ordinal);

        // Some readers of a text take U+FEFF at its start for a byte order mark; ours does.
        lines = lines is ['\uFEFF', .. var rest] ? rest : lines;

        // A text that is the whole body ends with a line end if it travels as 7bit; a message without any has one line.
        if (!(isBody && read == lines + "\r\n"))
        {
            Assert.Equal(lines, read);
        }
    }

    private static string Shown(Attachment file) =>
        $"{file.FileName}|{file.ContentType}|{file.ContentId}|{file.Inline}|{Convert.ToBase64String(file.Content.Span)}";

    private static string Shown(MimePart part) =>
        $"{part.FileName}|{part.ContentType.MediaType}|{part.ContentId}|{part.Disposition!.IsInline}|{Convert.ToBase64String(part.DecodeContent())}";
}
