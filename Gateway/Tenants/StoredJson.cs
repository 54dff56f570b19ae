using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gateway.Tenants;

/// <summary>How settings and limits stand in their jsonb columns: names with underscores, choices as words.</summary>
public static class StoredJson
{
    public static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };
}
