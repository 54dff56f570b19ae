using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gateway.Api.Problems;

namespace Gateway.Api.Manage.Domains;

/// <summary>A domain to send from.</summary>
/// <param name="Domain">A registered name or one below it; international names in either form.</param>
/// <param name="Ed25519">True for an Ed25519 key beside the RSA one (RFC 8463).</param>
internal sealed record DomainRequest(string? Domain, bool Ed25519 = false);

/// <summary>The owner of a domain lets another account claim a name below it.</summary>
/// <param name="Claim">The id of the other account's claim, as it was told there.</param>
/// <param name="Domain">The name that it claims.</param>
internal sealed record ApprovalRequest(string? Claim, string? Domain);

/// <summary>What comes in and goes out of these endpoints; names in snake case, unknown fields refused.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(DomainRequest))]
[JsonSerializable(typeof(ApprovalRequest))]
[JsonSerializable(typeof(DomainView))]
[JsonSerializable(typeof(DomainPage))]
[JsonSerializable(typeof(DomainDns))]
internal sealed partial class DomainJson : JsonSerializerContext
{
    private const int MaxDepth = 4;

    public static DomainJson Readable { get; } =
        new(
            new JsonSerializerOptions
            {
                PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
                UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
                AllowDuplicateProperties = false,
                MaxDepth = MaxDepth * 4,
            }
        );

    /// <summary>A small JSON body, or what is wrong with it.</summary>
    public static async Task<(T? Body, ApiProblem? Problem)> ReadAsync<T>(
        HttpContext http,
        System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type
    )
        where T : class
    {
        var (bytes, problem) = await Acceptance.RequestBody.ReadAsync(http, "application/json");
        if (bytes is null)
        {
            return (null, problem);
        }

        try
        {
            return JsonSerializer.Deserialize(bytes, type) is { } body
                ? (body, null)
                : (null, ApiProblem.Malformed("json_invalid", "The body is null.", accepted: "one JSON object"));
        }
        catch (JsonException wrong)
        {
            return (null, JsonProblems.Of(wrong));
        }
    }
}
