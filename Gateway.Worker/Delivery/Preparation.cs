using System.Buffers;
using System.Text.Json;
using Gateway.Mail.Addresses;
using Gateway.Mail.Messages;
using Gateway.Submissions;

namespace Gateway.Worker.Delivery;

/// <summary>The bytes that go over the path.</summary>
public readonly record struct PreparedMail(ReadOnlyMemory<byte> Content, bool NeedsSmtpUtf8);

/// <summary>
/// From what was accepted to what is sent. Deterministic: all that could vary was fixed at acceptance, so a message
/// prepared twice is the same message.
/// </summary>
public static class Preparation
{
    /// <exception cref="InvalidDataException">The ledger's bytes can no longer be read: a bug of ours, never the tenant's bounce.</exception>
    public static PreparedMail Prepare(DeliveryWork work) =>
        work.Door is "raw" or "smtp" ? PrepareRaw(work) : PrepareJson(work);

    private static PreparedMail PrepareJson(DeliveryWork work)
    {
        MessageRequest? request;
        try
        {
            request = JsonSerializer.Deserialize(work.Content, MessageJson.Strict.MessageRequest);
        }
        catch (JsonException problem)
        {
            throw new InvalidDataException("an accepted message is no longer readable", problem);
        }

        var (message, _, errors) = MessageBuilder.Build(request!, work.Claim.MessageId);
        if (message is null)
        {
            throw new InvalidDataException(
                $"an accepted message can no longer be built: {errors[0].Field} {errors[0].Code}"
            );
        }

        var output = new ArrayBufferWriter<byte>(work.Content!.Length + 2_048);
        MessageComposer.Compose(message, output);
        return new PreparedMail(output.WrittenMemory, message.NeedsSmtpUtf8 || NeedsEai(work.Recipient));
    }

    private static PreparedMail PrepareRaw(DeliveryWork work)
    {
        var content = RawMessage.Prepare(work.Content, work.Claim.MessageId);
        return new PreparedMail(content, NeedsEai(work.Recipient) || RawMessage.HasInternationalHeader(content));
    }

    private static bool NeedsEai(string recipient) =>
        EmailAddress.TryParse(recipient, out var address, out _) && address.IsInternational;
}
