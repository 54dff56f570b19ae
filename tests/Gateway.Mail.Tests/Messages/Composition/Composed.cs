using System.Buffers;
using Gateway.Mail.Addresses;
using Gateway.Mail.Messages;

namespace Gateway.Mail.Tests.Messages.Composition;

/// <summary>Messages for tests, and the bytes they come to.</summary>
internal static class Composed
{
    public static EmailAddress Address(string text) =>
        EmailAddress.TryParse(text, out var address, out var error)
            ? address
            : throw new ArgumentException($"{text}: {error}", nameof(text));

    public static OutgoingMessage Message(string? name = null) =>
        new()
        {
            From = new Mailbox(name, Address("from@sender.example")),
            Date = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(-3.5)),
            MessageId = "1.2@sender.example",
            BoundarySeed = "seed",
        };

    public static byte[] Bytes(OutgoingMessage message)
    {
        var output = new ArrayBufferWriter<byte>();
        MessageComposer.Compose(message, output);
        return output.WrittenSpan.ToArray();
    }

    public static string Text(OutgoingMessage message) => System.Text.Encoding.UTF8.GetString(Bytes(message));

    public static HeaderField Header(string name, string value) =>
        HeaderField.TryCreate(name, value, out var field, out var error)
            ? field
            : throw new ArgumentException($"{name}: {error}", nameof(name));

    /// <summary>The lines of the header section, unfolded, by nothing but the rules of RFC 5322 §2.2.</summary>
    public static List<string> Fields(ReadOnlySpan<byte> message)
    {
        var end = message.IndexOf("\r\n\r\n"u8);
        Assert.True(end > 0);
        var fields = new List<string>();
        foreach (var line in System.Text.Encoding.UTF8.GetString(message[..end]).Split("\r\n"))
        {
            if (line[0] is ' ' or '\t')
                fields[^1] += line;
            else
                fields.Add(line);
        }

        return fields;
    }

    /// <summary>7-bit, CRLF only, no NUL, no line above 998; header lines at most 78 unless one word is longer.</summary>
    public static void AssertWireForm(ReadOnlySpan<byte> message)
    {
        Assert.True(System.Text.Ascii.IsValid(message));
        Assert.Equal(-1, message.IndexOf((byte)0));
        Assert.True(message.EndsWith("\r\n"u8));
        var inHeader = true;
        while (!message.IsEmpty)
        {
            var end = message.IndexOfAny((byte)'\r', (byte)'\n');
            Assert.True(message[end..].StartsWith("\r\n"u8), "a lone CR or LF");
            Assert.True(end <= 998, $"a line of {end}");
            inHeader &= end > 0;
            if (inHeader && end > 78)
                Assert.Equal(-1, message[1..end].TrimEnd((byte)' ').IndexOf(" "u8));
            message = message[(end + 2)..];
        }
    }
}
