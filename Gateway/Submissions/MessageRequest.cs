using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gateway.Submissions;

/// <summary>
/// The JSON of <c>POST /v1/messages</c>. The door checks it and the worker composes from it: both read the same bytes
/// by the same rules, so what was accepted can be composed.
/// </summary>
public sealed record MessageRequest
{
    public AddressText? From { get; init; }
    public IReadOnlyList<AddressText>? To { get; init; }
    public IReadOnlyList<AddressText>? Cc { get; init; }
    public IReadOnlyList<AddressText>? Bcc { get; init; }

    [JsonConverter(typeof(OneOrManyAddresses))]
    public IReadOnlyList<AddressText>? ReplyTo { get; init; }
    public string? Subject { get; init; }
    public string? Text { get; init; }
    public string? Html { get; init; }
    public IReadOnlyDictionary<string, string>? Headers { get; init; }
    public IReadOnlyList<AttachmentRequest>? Attachments { get; init; }
    public IReadOnlyList<string>? Tags { get; init; }
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary><c>transactional</c> (the default) or <c>broadcast</c>.</summary>
    public string? Stream { get; init; }

    /// <summary>Not before this time (RFC 3339, with offset); at most 30 days ahead.</summary>
    [JsonConverter(typeof(TimeWithOffset))]
    public DateTimeOffset? SendAt { get; init; }

    /// <summary>ISO 8601 duration, such as <c>PT15M</c>, after which the message is not sent any more.</summary>
    public string? DeliverWithin { get; init; }
    public TrackingRequest? Tracking { get; init; }
}

/// <param name="Content">Base64 in the JSON.</param>
/// <param name="Disposition"><c>attachment</c> (the default) or <c>inline</c>.</param>
public sealed record AttachmentRequest(
    string? Filename,
    byte[]? Content,
    string? ContentType,
    string? ContentId,
    string? Disposition
);

public sealed record TrackingRequest(bool Opens, bool Clicks);

/// <summary>An address as given: <c>"Name &lt;a@b&gt;"</c> as <paramref name="Text"/>, or name and address apart.</summary>
[JsonConverter(typeof(AddressTextConverter))]
public sealed record AddressText(string Text, string? Name, bool IsApart)
{
    public override string ToString() => IsApart && Name is not null ? $"{Name} <{Text}>" : Text;
}

/// <summary>How the JSON of messages is read: strictly, since a field that is ignored is a promise that is broken.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow
)]
[JsonSerializable(typeof(MessageRequest))]
[JsonSerializable(typeof(AddressText[]))]
public sealed partial class MessageJson : JsonSerializerContext
{
    public const int MaxDepth = 32;

    /// <summary>The strict reader: no duplicates, no unknown fields, nothing deeper than it needs to be.</summary>
    public static MessageJson Strict { get; } =
        new(
            new JsonSerializerOptions
            {
                PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
                UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
                AllowDuplicateProperties = false,
                MaxDepth = MaxDepth,
            }
        );
}
