using System.Text.Json;
using System.Text.Json.Serialization;
using Npgsql;

namespace Gateway.Routing;

/// <summary>Where in Redis the workers of one installation tell each other of circuits.</summary>
public sealed record CircuitHints(string Channel, string Stored)
{
    /// <summary>Installations that share a Redis have paths of the same names: the ledger tells them apart.</summary>
    public static CircuitHints Of(string ledger)
    {
        var at = new NpgsqlConnectionStringBuilder(ledger);
        var channel = $"gw:circuits:{at.Host}:{at.Port}/{at.Database}";
        return new CircuitHints(channel, channel + ":open");
    }
}

/// <summary>One worker's word on one circuit.</summary>
public sealed record CircuitHint(
    string Worker,
    string Path,
    CircuitScope Scope,
    string Subject,
    string? Reason,
    DateTimeOffset RestsUntil,
    DateTimeOffset ChangedAt,
    int Openings
)
{
    [JsonIgnore]
    public string Field => $"{Path}|{Scope}|{Subject}";

    [JsonIgnore]
    public CircuitKey Key => new(Path, Scope, Subject);

    [JsonIgnore]
    public Circuit Circuit =>
        new()
        {
            Reason = Reason,
            RestsUntil = RestsUntil,
            ChangedAt = ChangedAt,
            Openings = Openings,
        };

    public static CircuitHint Of(string worker, CircuitKey key, Circuit circuit) =>
        new(
            worker,
            key.Path,
            key.Scope,
            key.Subject,
            circuit.Reason,
            circuit.RestsUntil,
            circuit.ChangedAt,
            circuit.Openings
        );

    /// <summary>Null for what another release says in words of its own.</summary>
    public static CircuitHint? Read(string? text)
    {
        try
        {
            return text is null ? null : JsonSerializer.Deserialize<CircuitHint>(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
