using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Tests.AppHost;

namespace Gateway.Tests.Doors;

/// <summary>
/// Cases as files: a good message with some fields set to what a case says. <c>$DOMAIN</c> is the tenant's domain;
/// <c>{"$repeat", "times"}</c>, <c>{"$list", "times"}</c>, <c>{"$map", "times", "value"}</c> (each <c>#</c> is the
/// number), <c>{"$join"}</c>, <c>{"$time"}</c> (from now) and <c>{"$null"}</c> stand for what would be long to write.
/// </summary>
internal static class DoorCases
{
    public static IEnumerable<JsonObject> Read(string file)
    {
        var text = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "tests", "Corpus", "doors", file));
        return JsonNode.Parse(text)!.AsArray().Select(row => row!.AsObject());
    }

    public static JsonObject GoodMessage(string domain) =>
        new()
        {
            ["from"] = $"hello@{domain}",
            ["to"] = new JsonArray("ann@example.net"),
            ["subject"] = "hello",
            ["text"] = "hello",
        };

    /// <summary>The good message with the case's fields: null takes one out.</summary>
    public static byte[] Message(JsonObject set, string domain)
    {
        var message = GoodMessage(domain);
        foreach (var (name, value) in set)
        {
            if (value is null)
            {
                message.Remove(name);
            }
            else
            {
                message[name] = Expand(value, domain);
            }
        }

        return JsonSerializer.SerializeToUtf8Bytes(message);
    }

    private static JsonNode? Expand(JsonNode? node, string domain) =>
        node switch
        {
            JsonObject { Count: > 0 } made when made.First().Key.StartsWith('$') => Make(made, domain),
            JsonObject plain => new JsonObject(plain.Select(p => KeyValuePair.Create(p.Key, Expand(p.Value, domain)))),
            JsonArray list => new JsonArray([.. list.Select(item => Expand(item, domain))]),
            JsonValue value when value.GetValueKind() == JsonValueKind.String => value
                .GetValue<string>()
                .Replace("$DOMAIN", domain, StringComparison.Ordinal),
            _ => node?.DeepClone(),
        };

    private static JsonNode? Make(JsonObject made, string domain)
    {
        var numbers = Enumerable.Range(0, made["times"]?.GetValue<int>() ?? 0);
        var (how, what) = (made.First().Key, made.First().Value!);
        return how switch
        {
            "$repeat" => string.Concat(numbers.Select(_ => what.GetValue<string>())),
            "$list" => new JsonArray([.. numbers.Select(n => Expand(Numbered(what, n), domain))]),
            "$map" => new JsonObject(
                numbers.Select(n =>
                    KeyValuePair.Create(Numbered(what, n).GetValue<string>(), made["value"]?.DeepClone())
                )
            ),
            "$join" => string.Concat(what.AsArray().Select(part => Expand(part, domain)!.GetValue<string>())),
            "$time" => (
                DateTimeOffset.UtcNow + TimeSpan.Parse(what.GetValue<string>(), CultureInfo.InvariantCulture)
            ).ToString("O"),
            "$null" => null,
            _ => throw new InvalidDataException($"no such case: {how}"),
        };
    }

    private static JsonNode Numbered(JsonNode text, int number) =>
        JsonNode.Parse(text.ToJsonString().Replace("#", $"{number}", StringComparison.Ordinal))!;
}
