using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gateway.Api.Resends;

/// <summary>What is answered about jobs; names in snake case.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CohortView))]
[JsonSerializable(typeof(CohortPage))]
[JsonSerializable(typeof(CohortPreview))]
[JsonSerializable(typeof(CohortDeliveryPage))]
internal sealed partial class ResendJson : JsonSerializerContext
{
    public static ResendJson Readable { get; } =
        new(
            new JsonSerializerOptions
            {
                PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            }
        );
}
