using System.Text;
using System.Text.Json;
using Gateway.Providers.Events;

namespace Gateway.Providers.Ses;

/// <summary>The envelope in which SNS posts (ses.md §6).</summary>
internal sealed record SnsMessage(
    string Type,
    string MessageId,
    string TopicArn,
    string Message,
    string? Subject,
    string Timestamp,
    string SignatureVersion,
    string Signature,
    string SigningCertUrl,
    string? SubscribeUrl,
    string? Token
)
{
    public const string Notification = "Notification";
    public const string SubscriptionConfirmation = "SubscriptionConfirmation";
    public const string UnsubscribeConfirmation = "UnsubscribeConfirmation";

    /// <summary>Null for what is no such envelope.</summary>
    public static SnsMessage? Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body, EventFields.Limits);
            var root = json.RootElement;
            return
                root.Text("Type") is { } type
                && root.Text("MessageId") is { } id
                && root.Text("TopicArn") is { } topic
                && root.Child("Message") is { ValueKind: JsonValueKind.String } message
                && root.Text("Timestamp") is { } timestamp
                && root.Text("SignatureVersion") is { } version
                && root.Text("Signature") is { } signature
                && root.Text("SigningCertURL") is { } certificate
                ? new SnsMessage(
                    type,
                    id,
                    topic,
                    ((JsonElement?)message).Text() ?? "",
                    root.Text("Subject"),
                    timestamp,
                    version,
                    signature,
                    certificate,
                    root.Text("SubscribeURL"),
                    root.Text("Token")
                )
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The region of the topic, the fourth part of its ARN.</summary>
    public string Region => TopicArn.Split(':') is [_, _, _, var region, ..] ? region : "";

    /// <summary>What is signed: name and value of each field that is there, in this order, each with a line end.</summary>
    public byte[] Signed()
    {
        var text = new StringBuilder();
        (string Name, string? Value)[] fields =
            Type == Notification
                ?
                [
                    ("Message", Message),
                    ("MessageId", MessageId),
                    ("Subject", Subject),
                    ("Timestamp", Timestamp),
                    ("TopicArn", TopicArn),
                    ("Type", Type),
                ]
                :
                [
                    ("Message", Message),
                    ("MessageId", MessageId),
                    ("SubscribeURL", SubscribeUrl),
                    ("Timestamp", Timestamp),
                    ("Token", Token),
                    ("TopicArn", TopicArn),
                    ("Type", Type),
                ];
        foreach (var (name, value) in fields)
        {
            if (value is not null)
            {
                text.Append(name).Append('\n').Append(value).Append('\n');
            }
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
