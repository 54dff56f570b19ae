using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gateway.Api.Events;
using Gateway.Api.Messages;
using Gateway.Api.Problems;
using Gateway.Api.Sandbox;
using Gateway.Submissions;

namespace Gateway.Api;

/// <summary>Every answer of the API; names in snake case.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ApiProblem))]
[JsonSerializable(typeof(FieldError))]
[JsonSerializable(typeof(AcceptedMessage))]
[JsonSerializable(typeof(BatchAnswer))]
[JsonSerializable(typeof(MessagePage))]
[JsonSerializable(typeof(MessageView))]
[JsonSerializable(typeof(ChangedMessage))]
[JsonSerializable(typeof(EventPage))]
[JsonSerializable(typeof(SandboxPage))]
[JsonSerializable(typeof(SandboxView))]
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>Answers are JSON for programs and people, never HTML: quotes and accents are written as they are.</summary>
    public static ApiJson Readable { get; } =
        new(
            new JsonSerializerOptions
            {
                PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            }
        );
}
