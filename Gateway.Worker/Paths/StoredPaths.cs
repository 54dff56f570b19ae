using System.Text;
using System.Text.Json;
using Dapper;
using Gateway.Database;
using Gateway.Routing;
using Gateway.Secrets;
using Npgsql;

namespace Gateway.Worker.Paths;

/// <summary>Paths, modes, probations and rules as the ledger holds them.</summary>
public sealed record StoredRouting(long Version, IReadOnlyList<StoredPath> Paths, IReadOnlyList<RouteRule> Rules);

/// <param name="Settings">The description and the opened credentials as one section; null where the hosts' settings describe it.</param>
/// <param name="Stamp">Changes with the description.</param>
public sealed record StoredPath(
    string Name,
    Guid? Tenant,
    IConfigurationSection? Settings,
    DateTime Stamp,
    PathMode Mode,
    string? Instead,
    DateTimeOffset? Until,
    DateTime? ModeStamp,
    double? ProbationShare
);

/// <summary>Reads them, and makes those of the configuration known.</summary>
public sealed class StoredPaths([FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger, MasterKey master)
{
    public static SecretPlace PlaceOf(Guid? tenant, string path) => new(tenant ?? Guid.Empty, "paths", path, "secret");

    public async Task AnnounceAsync(IEnumerable<(string Name, string Provider)> configured, CancellationToken cancel)
    {
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        foreach (var (name, provider) in configured)
        {
            await connection.ExecuteAsync(
                """
                INSERT INTO paths AS p (path, provider, origin) VALUES (@name, @provider, 'configuration')
                ON CONFLICT (path) DO UPDATE SET provider = excluded.provider, origin = 'configuration'
                WHERE (p.provider, p.origin) IS DISTINCT FROM (excluded.provider, 'configuration')
                """,
                new { name, provider }
            );
        }
    }

    public async Task<long> ReadVersionAsync(CancellationToken cancel)
    {
        await using var command = ledger.CreateCommand("SELECT version FROM path_version");
        return (long)(await command.ExecuteScalarAsync(cancel))!;
    }

    public async Task<StoredRouting> ReadAsync(CancellationToken cancel)
    {
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        // The version first: what changes meanwhile is read again.
        using var all = await connection.QueryMultipleAsync(
            new CommandDefinition(
                """
                SELECT version FROM path_version;
                SELECT p.path, p.tenant_id, p.origin, p.provider, p.settings::text AS settings, p.secret_sealed, p.concurrency,
                    p.changed_at, m.mode, m.instead, m.until, m.changed_at AS mode_changed_at, b.step, b.share
                FROM paths p LEFT JOIN path_modes m USING (path) LEFT JOIN path_probations b USING (path);
                SELECT route_id, tenant_id, stream, from_domain, from_address, recipient_domain, tag, tiers::text AS tiers
                FROM routes ORDER BY tenant_id IS NULL, place;
                """,
                cancellationToken: cancel
            )
        );
        var version = await all.ReadSingleAsync<long>();
        var paths = (await all.ReadAsync<PathRow>()).Select(Read).ToArray();
        var rules = (await all.ReadAsync<RouteRow>()).Select(r => r.ToRule()).ToArray();
        return new StoredRouting(version, paths, rules);
    }

    private StoredPath Read(PathRow row) =>
        new(
            row.path,
            row.tenant_id,
            row.origin == "configuration" ? null : Describe(row),
            row.changed_at,
            row.mode switch
            {
                "draining" => PathMode.Draining,
                "off" => PathMode.Off,
                _ => PathMode.Active,
            },
            row.instead,
            row.until is { } until ? new DateTimeOffset(until) : null,
            row.mode_changed_at,
            row.step is null ? null : row.share
        );

    /// <summary>The same section that the hosts' settings would have, so that one reader serves both.</summary>
    private IConfigurationSection Describe(PathRow row)
    {
        var builder = new ConfigurationBuilder()
            .AddJsonStream(Section(row.path, row.settings))
            .AddInMemoryCollection(
                new Dictionary<string, string?>
                {
                    [$"{row.path}:Provider"] = row.provider,
                    [$"{row.path}:Concurrency"] = row.concurrency.ToString(
                        System.Globalization.CultureInfo.InvariantCulture
                    ),
                }
            );
        if (row.secret_sealed is { } sealedText)
        {
            var secret = Encoding.UTF8.GetString(master.Open(sealedText, PlaceOf(row.tenant_id, row.path)));
            builder.AddJsonStream(Section(row.path, secret));
        }

        return builder.Build().GetSection(row.path);
    }

    private static MemoryStream Section(string path, string json) =>
        new(Encoding.UTF8.GetBytes($"{{{JsonSerializer.Serialize(path)}:{json}}}"));

    // Named as the columns: Dapper fills it by them.
#pragma warning disable IDE1006, SA1300
    private sealed class PathRow
    {
        public string path { get; init; } = "";
        public Guid? tenant_id { get; init; }
        public string origin { get; init; } = "";
        public string provider { get; init; } = "";
        public string settings { get; init; } = "{}";
        public byte[]? secret_sealed { get; init; }
        public int concurrency { get; init; }
        public DateTime changed_at { get; init; }
        public string? mode { get; init; }
        public string? instead { get; init; }
        public DateTime? until { get; init; }
        public DateTime? mode_changed_at { get; init; }
        public string? step { get; init; }
        public double share { get; init; }
    }

    private sealed class RouteRow
    {
        public Guid route_id { get; init; }
        public Guid? tenant_id { get; init; }
        public string? stream { get; init; }
        public string? from_domain { get; init; }
        public string? from_address { get; init; }
        public string? recipient_domain { get; init; }
        public string? tag { get; init; }
        public string tiers { get; init; } = "[]";

        public RouteRule ToRule() =>
            new(route_id.ToString(), [.. JsonSerializer.Deserialize<PathPart[][]>(tiers)!.Select(Tier)])
            {
                Tenant = tenant_id,
                Stream = stream,
                FromDomain = from_domain,
                FromAddress = from_address,
                RecipientDomain = recipient_domain,
                Tag = tag,
            };

        private static RouteTier Tier(PathPart[] parts) =>
            new([.. parts.Select(p => new WeightedPath(p.path, p.weight))]);
    }

    private sealed record PathPart(string path, double weight);
#pragma warning restore IDE1006, SA1300
}
