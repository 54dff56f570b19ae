using System.Text;
using System.Text.Json;
using Gateway.Mail.Addresses;
using Gateway.Mail.Messages;
using Gateway.Mail.Tests.Peers;

namespace Gateway.Mail.Tests.Messages.Composition;

/// <summary>Ten thousand random messages, composed by us and read by CPython: the same text, names and files.</summary>
public sealed class PythonReadsOurMailTests
{
    private const int Messages = 10_000;

    [Fact]
    public async Task Python_reads_the_names_texts_and_files_that_we_wrote()
    {
        var answers = await PythonMail.Parse(
            Enumerable.Range(0, Messages).Select(static i => Compose(RandomMail.Of(i)))
        );

        Assert.Equal(Messages, answers.Count);
        for (var i = 0; i < Messages; i++)
            AssertSame(RandomMail.Of(i), answers[i], $"seed {i}");
    }

    private static byte[] Compose(OutgoingMessage message)
    {
        var bytes = Composed.Bytes(message);
        Composed.AssertWireForm(bytes);
        return bytes;
    }

    private static void AssertSame(OutgoingMessage message, JsonElement answer, string seed)
    {
        AssertMailboxes([message.From], answer.GetProperty("from"), seed);
        AssertMailboxes(message.Sender is null ? [] : [message.Sender], answer.GetProperty("sender"), seed);
        AssertMailboxes(message.ReplyTo, answer.GetProperty("reply-to"), seed);
        AssertMailboxes(message.To, answer.GetProperty("to"), seed);
        AssertMailboxes(message.Cc, answer.GetProperty("cc"), seed);
        AssertEqual(message.Subject, answer.GetProperty("subject").GetString(), seed);
        AssertEqual("2026-01-02T03:04:05-03:30", answer.GetProperty("date").GetString(), seed);
        AssertBody(message, message.Text, answer.GetProperty("text").GetString(), seed);
        AssertBody(message, message.Html, answer.GetProperty("html").GetString(), seed);
        Assert.Empty(answer.GetProperty("defects").EnumerateArray());
        AssertEqual(
            string.Concat(message.Headers.Select(static h => h.Value.Value)),
            string.Concat(answer.GetProperty("custom").EnumerateArray().Select(static v => v.GetString())),
            seed
        );
        AssertAttachments(message, answer.GetProperty("attachments"), seed);
    }

    private static void AssertMailboxes(IReadOnlyList<Mailbox> mailboxes, JsonElement answer, string seed)
    {
        AssertEqual(
            string.Join('\n', mailboxes.Select(static m => $"{m.Name}|{m.Address}")),
            string.Join('\n', answer.EnumerateArray().Select(static m => $"{m[0].GetString()}|{m[2].GetString()}")),
            seed
        );
    }

    private static void AssertBody(OutgoingMessage message, string? text, string? actual, string seed) =>
        AssertEqual(Canonical(message, text, actual), actual, seed);

    private static void AssertAttachments(OutgoingMessage message, JsonElement answer, string seed)
    {
        // Inline files of an HTML come inside it, before the others.
        var inOrder = message.Attachments.OrderBy(a => message.Html is null || !a.Inline);
        AssertEqual(
            string.Join(
                '\n',
                inOrder.Select(static a =>
                    $"{a.FileName}|{a.ContentType}|{a.ContentId}|{a.Inline}|{Convert.ToBase64String(a.Content.Span)}"
                )
            ),
            string.Join(
                '\n',
                answer
                    .EnumerateArray()
                    .Select(static a =>
                        $"{Text(a, "name")}|{Text(a, "type")}|{Text(a, "id")}|{Text(a, "disposition") == "inline"}|{Text(a, "content")}"
                    )
            ),
            seed
        );
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;

    // Line ends are CRLF. A text that is the whole body ends with one if it travels as 7bit: a line has an end.
    private static string? Canonical(OutgoingMessage message, string? text, string? actual)
    {
        var isBody = message.Attachments.Count == 0 && (message.Text is null || message.Html is null);
        if (text is null)
            return isBody && message.Html is null && actual == "\r\n" ? actual : null;
        var lines = text.Replace("\r\n", "\n", StringComparison.Ordinal)
            .Replace('\r', '\n')
            .Replace("\n", "\r\n", StringComparison.Ordinal);
        return isBody && actual == lines + "\r\n" ? actual : lines;
    }

    private static void AssertEqual(string? expected, string? actual, string seed)
    {
        if (expected != actual)
            Assert.Fail($"{seed}\nexpected {Show(expected)}\nactual   {Show(actual)}");
    }

    private static string Show(string? text)
    {
        var shown = new StringBuilder();
        foreach (var c in text ?? "(null)")
            shown.Append(c is >= ' ' and <= '~' ? c.ToString() : $"\\u{(int)c:X4}");
        return shown.ToString();
    }
}
