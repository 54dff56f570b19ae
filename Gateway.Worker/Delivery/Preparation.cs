using System.Buffers;
using System.Text.Json;
using Gateway.Mail.Addresses;
using Gateway.Mail.Messages;
using Gateway.Submissions;

namespace Gateway.Worker.Delivery;

/// <summary>The bytes that go over the path, the same for every recipient.</summary>
public sealed record PreparedMail(ReadOnlyMemory<byte> Content, bool NeedsSmtpUtf8);

/// <summary>
/// From what was accepted to what is sent. Deterministic: all that could vary was fixed at acceptance, so a message
/// prepared twice is the same message.
/// </summary>
internal static class Preparation
{
    /// <param name="shownAs">The From in place of the given one, which then is where answers go; null: as given.</param>
    /// <exception cref="InvalidDataException">The bytes can no longer be read.</exception>
    public static PreparedMail Prepare(string door, Guid messageId, byte[] given, Mailbox? shownAs = null) =>
        door is "raw" or "smtp" ? PrepareRaw(messageId, given, shownAs) : PrepareJson(messageId, given, shownAs);

    private static PreparedMail PrepareJson(Guid messageId, byte[] given, Mailbox? shownAs)
    {
        MessageRequest? request = null;
        string? broken = null;
        try
        {
            request = JsonSerializer.Deserialize(given, MessageJson.Strict.MessageRequest);
        }
        catch (JsonException problem)
        {
            // Only where: what the parser says quotes the message, and this goes to the logs.
            broken = $"line {problem.LineNumber}, byte {problem.BytePositionInLine}";
        }

        if (broken is not null)
        {
            throw new InvalidDataException($"an accepted message is no longer readable at {broken}");
        }

        var (message, _, errors) = MessageBuilder.Build(request!, messageId);
        if (message is null)
        {
            throw new InvalidDataException(
                $"an accepted message can no longer be built: {errors[0].Field} {errors[0].Code}"
            );
        }

        message = shownAs is null ? message : MessageBuilder.ShowAs(message, shownAs, messageId);
        var output = new ArrayBufferWriter<byte>(given.Length + 2_048);
        MessageComposer.Compose(message, output);
        return new PreparedMail(output.WrittenMemory, message.NeedsSmtpUtf8);
    }

    private static PreparedMail PrepareRaw(Guid messageId, byte[] given, Mailbox? shownAs)
    {
        var content = RawMessage.Prepare(given, messageId, shownAs);
        return new PreparedMail(content, RawMessage.HasInternationalHeader(content));
    }
}
