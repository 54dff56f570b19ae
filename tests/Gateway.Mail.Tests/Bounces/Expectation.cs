using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gateway.Mail.Tests.Bounces;

/// <summary>One recipient of the bounce corpus, as its expectation table has it.</summary>
internal sealed record Expectation(
    [property: JsonPropertyName("status")] string Status,
    [property: JsonPropertyName("replycode")] string ReplyCode,
    [property: JsonPropertyName("reason")] string Reason,
    [property: JsonPropertyName("hardbounce")] bool Hard,
    [property: JsonPropertyName("other")] string Other
)
{
    public static Dictionary<string, Expectation[]> Read(string path) =>
        JsonSerializer.Deserialize<Dictionary<string, Expectation[]>>(File.ReadAllBytes(path))!;
}
