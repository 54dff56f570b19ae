using System.Text;
using System.Text.Json;
using Dapper;
using Gateway.Database;
using Gateway.Providers;
using Gateway.Routing;
using Gateway.Secrets;
using Gateway.Tenants;
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
    ProbationStep? Probation,
    double Share,
    string? ProbationReason
);

/// <summary>Reads them, and makes those of the configuration known.</summary>
public sealed class StoredPaths([FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger, MasterKey master)
{
    /// <summary>
    /// Makes known what the hosts' settings describe, so that operators see it and may switch it. The worker that
    /// started last has the last word on the default route that is shown; each goes by its own.
    /// </summary>
    public async Task AnnounceAsync(
        IEnumerable<(string Name, string Provider)> configured,
        RouteRule defaultRule,
        CancellationToken cancel
    )
    {
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        foreach (var (name, provider) in configured)
        {
            await connection.ExecuteAsync(
                """
                INSERT INTO paths AS p (path, provider, origin) VALUES (@name, @provider, 'configuration')
                ON CONFLICT (path) DO UPDATE SET provider = excluded.provider, origin = 'configuration', changed_at = now()
                WHERE (p.provider, p.origin) IS DISTINCT FROM (excluded.provider, 'configuration')
                """,
                new { name, provider }
            );
        }

        await connection.ExecuteAsync(
            """
            INSERT INTO routes AS r (route_id, place, tiers) VALUES (@id, @place, @tiers::jsonb)
            ON CONFLICT (route_id) DO UPDATE SET tiers = excluded.tiers, changed_at = now()
            WHERE r.tiers <> excluded.tiers
            """,
            new
            {
                id = StoredRoute.Default,
                place = StoredRoute.LastPlace,
                tiers = StoredRoute.WriteTiers(defaultRule.Tiers),
            }
        );
    }

    /// <summary>What a path can carry, for whoever asks where a message would go.</summary>
    public async Task NoteAsync(string path, PathCapabilities capabilities, CancellationToken cancel)
    {
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        await connection.ExecuteAsync(
            """
            UPDATE paths SET capabilities = @seen::jsonb
            WHERE path = @path AND capabilities IS DISTINCT FROM @seen::jsonb
            """,
            new { path, seen = JsonSerializer.Serialize(capabilities, StoredJson.Options) }
        );
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
                    p.changed_at, m.mode, m.instead, m.until, m.changed_at AS mode_changed_at, b.step, b.share, b.reason AS probation_reason
                FROM paths p LEFT JOIN path_modes m USING (path) LEFT JOIN path_probations b USING (path);
                """ + StoredRoute.Select,
                cancellationToken: cancel
            )
        );
        var version = await all.ReadSingleAsync<long>();
        var paths = (await all.ReadAsync<PathRow>()).Select(Read).ToArray();
        var rules = (await all.ReadAsync<StoredRoute>()).Where(r => !r.IsDefault).Select(r => r.ToRule()).ToArray();
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
            row.step is null ? null : Enum.Parse<ProbationStep>(row.step, ignoreCase: true),
            row.share,
            row.probation_reason
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
            var secret = Encoding.UTF8.GetString(master.Open(sealedText, PathSecret.Place(row.tenant_id, row.path)));
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
        public string? probation_reason { get; init; }
    }
#pragma warning restore IDE1006, SA1300
}
