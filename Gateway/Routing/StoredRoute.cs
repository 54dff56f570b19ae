using System.Text.Json;

namespace Gateway.Routing;

// Named as the columns of the table routes: Dapper fills it by them.
#pragma warning disable IDE1006, SA1300

/// <summary>A rule as it is stored.</summary>
public sealed class StoredRoute
{
    /// <summary>The hosts' own default route stands under this id, in the last place.</summary>
    public static readonly Guid Default = new("00000000-0000-0000-0000-000000000001");
    public const int LastPlace = int.MaxValue;

    /// <summary>All rules in the order in which they are asked.</summary>
    public const string Select = """
        SELECT route_id, tenant_id, place, stream, from_domain, from_address, recipient_domain, tag, tiers::text AS tiers
        FROM routes ORDER BY tenant_id IS NULL, place
        """;

    public Guid route_id { get; init; }
    public Guid? tenant_id { get; init; }
    public int place { get; init; }
    public string? stream { get; init; }
    public string? from_domain { get; init; }
    public string? from_address { get; init; }
    public string? recipient_domain { get; init; }
    public string? tag { get; init; }
    public string tiers { get; init; } = "[]";

    public bool IsDefault => route_id == Default;

    public RouteRule ToRule() =>
        new(IsDefault ? "default" : route_id.ToString(), ReadTiers(tiers))
        {
            Tenant = tenant_id,
            Stream = stream,
            FromDomain = from_domain,
            FromAddress = from_address,
            RecipientDomain = recipient_domain,
            Tag = tag,
        };

    public static IReadOnlyList<RouteTier> ReadTiers(string json) =>
        [.. JsonSerializer.Deserialize<Part[][]>(json)!.Select(t => new RouteTier([.. t.Select(p => p.ToPath())]))];

    public static string WriteTiers(IReadOnlyList<RouteTier> tiers) =>
        JsonSerializer.Serialize(tiers.Select(t => t.Paths.Select(p => new Part(p.Path, p.Weight))));

    private sealed record Part(string path, double weight)
    {
        public WeightedPath ToPath() => new(path, weight);
    }
}
#pragma warning restore IDE1006, SA1300
