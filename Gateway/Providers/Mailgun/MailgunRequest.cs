using System.Text;

namespace Gateway.Providers.Mailgun;

/// <summary>The body of <c>POST /v3/{domain}/messages.mime</c> for one recipient: multipart/form-data (RFC 7578).</summary>
internal static class MailgunRequest
{
    /// <summary>The pieces and their media type. The message's bytes are referenced, not copied.</summary>
    /// <param name="message">The message as pieces, without Mailgun's own fields.</param>
    /// <param name="recipient">The envelope's; To and Cc of the message are not looked at.</param>
    /// <param name="ids">What comes back in every event.</param>
    /// <param name="sender">What Sender is to say; null leaves it as it is.</param>
    public static (IReadOnlyList<ReadOnlyMemory<byte>> Pieces, string ContentType) Write(
        IReadOnlyList<ReadOnlyMemory<byte>> message,
        string recipient,
        CarriedIds ids,
        string? sender
    )
    {
        // Random, so that no message can hold it.
        var boundary = $"gw-{Guid.NewGuid():N}{Guid.NewGuid():N}";
        var fields = new StringBuilder();
        Field("to", recipient);
        // Said each time: what is left out is the domain's setting.
        Field("o:tracking", "no");
        Field("o:tracking-clicks", "no");
        Field("o:tracking-opens", "no");
        foreach (var (key, value) in ids.Pairs())
        {
            Field("v:" + key, value);
        }

        if (sender is not null)
        {
            Field("h:Sender", sender);
        }

        // A part without a file name is no file, and 400.
        fields.Append(
            $"--{boundary}\r\nContent-Disposition: form-data; name=\"message\"; filename=\"message.mime\"\r\n"
                + "Content-Type: application/octet-stream\r\n\r\n"
        );
        return (
            [Encoding.UTF8.GetBytes(fields.ToString()), .. message, Encoding.ASCII.GetBytes($"\r\n--{boundary}--\r\n")],
            $"multipart/form-data; boundary={boundary}"
        );

        void Field(string name, string value) =>
            fields.Append($"--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
}
