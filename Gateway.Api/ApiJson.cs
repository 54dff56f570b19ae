using System.Text.Json.Serialization;
using Gateway.Api.Messages;
using Gateway.Api.Problems;
using Gateway.Submissions;

namespace Gateway.Api;

/// <summary>Every answer of the API; names in snake case.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ApiProblem))]
[JsonSerializable(typeof(FieldError))]
[JsonSerializable(typeof(AcceptedMessage))]
[JsonSerializable(typeof(BatchAnswer))]
internal sealed partial class ApiJson : JsonSerializerContext;
