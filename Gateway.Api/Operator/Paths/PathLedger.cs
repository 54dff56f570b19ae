using System.Collections.Frozen;
using System.Text.Json;
using Dapper;
using Gateway.Providers;
using Gateway.Providers.Events;
using Gateway.Routing;
using Gateway.Tenants;
using Npgsql;
using StackExchange.Redis;

namespace Gateway.Api.Operator.Paths;

/// <summary>Paths, rules and what the workers say of them, for the operator.</summary>
internal sealed class PathLedger(IConnectionMultiplexer redis, IConfiguration configuration, TimeProvider clock)
{
    private const string Paths = """
        SELECT p.path, p.tenant_id, p.provider, p.origin, p.settings::text AS settings, p.capabilities::text AS capabilities, m.reason,
            CASE WHEN m.until <= now() THEN 'active' ELSE coalesce(m.mode, 'active') END AS mode,
            CASE WHEN m.until <= now() THEN NULL ELSE m.instead END AS instead,
            CASE WHEN m.until <= now() THEN NULL ELSE m.until END AS until, b.step, b.share, b.reason AS probation_reason,
            e.endpoint, e.silent_since, p.secret_sealed IS NOT NULL AS is_sealed
        FROM paths p LEFT JOIN path_modes m USING (path) LEFT JOIN path_probations b USING (path)
            LEFT JOIN path_endpoints e USING (path)
        """;

    private readonly CircuitHints hints = CircuitHints.Of(configuration.GetConnectionString("ledger")!);

    public static async Task<IReadOnlyList<PathRow>> ReadAsync(NpgsqlConnection connection, string? path = null) =>
        (
            await connection.QueryAsync<PathRow>(
                Paths + " WHERE @path::text IS NULL OR p.path = @path ORDER BY p.path",
                new { path }
            )
        ).AsList();

    public static async Task<IReadOnlyList<StoredRoute>> ReadRoutesAsync(NpgsqlConnection connection) =>
        (await connection.QueryAsync<StoredRoute>(StoredRoute.Select)).AsList();

    /// <summary>What the workers told each other; empty where Redis is away.</summary>
    public async Task<IReadOnlyList<CircuitHint>> OpenAsync()
    {
        try
        {
            var told = await redis.GetDatabase().HashGetAllAsync(hints.Stored);
            return
            [
                .. told.Select(t => CircuitHint.Read(t.Value)).OfType<CircuitHint>().Where(h => h.Reason is not null),
            ];
        }
        catch (Exception problem) when (problem is RedisException or TimeoutException)
        {
            return [];
        }
    }

    /// <summary>The same snapshots that a worker routes by.</summary>
    public static RoutingSnapshot Snapshot(IReadOnlyList<PathRow> paths, IReadOnlyList<StoredRoute> routes) =>
        new(
            [.. routes.Select(r => r.ToRule())],
            paths.ToFrozenDictionary(p => p.path, p => p.State, StringComparer.Ordinal),
            [new RouteTier([new WeightedPath("sandbox", 1)])]
        );

    public HealthSnapshot Health(IEnumerable<CircuitHint> open) =>
        new(
            open.DistinctBy(h => h.Key)
                .ToFrozenDictionary(
                    h => h.Key,
                    h => new OpenCircuit(h.Reason!, h.Scope == CircuitScope.Path ? null : h.RestsUntil)
                )
        );

    /// <summary>No switch is silent: it stands in the path's events beside what the workers saw.</summary>
    public Task TellAsync(NpgsqlConnection connection, string path, string type, string reason, object data) =>
        connection.ExecuteAsync(
            """
            INSERT INTO path_events (event_id, path, type, at, actor, reason, data)
            VALUES (@id, @path, @type, @at, 'operator', @reason, @data::jsonb)
            """,
            new
            {
                id = Ledger.LedgerId.New(clock.GetUtcNow()),
                path,
                type,
                at = clock.GetUtcNow(),
                reason,
                data = JsonSerializer.Serialize(data, StoredJson.Options),
            }
        );
}

// Named as the columns: Dapper fills it by them.
#pragma warning disable IDE1006, SA1300
internal sealed class PathRow
{
    /// <summary>Of a path that no worker has opened yet: it may carry anything until it says otherwise.</summary>
    private static readonly PathCapabilities Unseen = new() { Eai = true };

    public string path { get; init; } = "";
    public Guid? tenant_id { get; init; }
    public string provider { get; init; } = "";
    public string origin { get; init; } = "";
    public string settings { get; init; } = "{}";
    public string? capabilities { get; init; }
    public string mode { get; init; } = "";
    public string? instead { get; init; }
    public DateTime? until { get; init; }
    public string? reason { get; init; }
    public string? step { get; init; }
    public double? share { get; init; }
    public string? probation_reason { get; init; }
    public string? endpoint { get; init; }
    public DateTime? silent_since { get; init; }
    public bool is_sealed { get; init; }

    public PathState State =>
        new(
            path,
            capabilities is null
                ? Unseen
                : JsonSerializer.Deserialize<PathCapabilities>(capabilities, StoredJson.Options)!
        )
        {
            Tenant = tenant_id,
            Mode = Enum.Parse<PathMode>(mode, ignoreCase: true),
            Instead = instead,
            ProbationShare = step == "share" ? share : null,
            IsAwaitingCanary = step == "canary",
            NeverCarries =
                EventFormats.OnlyEvents.Contains(provider) ? EventsOnlyAccount.Reason
                : step == "ejected" ? $"it was ejected from probation: {probation_reason}"
                : null,
        };

    public PathView View(IEnumerable<CircuitHint> open) =>
        new(
            path,
            tenant_id,
            provider,
            origin,
            JsonElement.Parse(settings),
            mode,
            instead,
            RowTime.Of(until),
            mode == "active" ? null : reason,
            step is null ? null : new ProbationView(step, share ?? 0, probation_reason),
            [
                .. open.Where(h => h.Path == path)
                    .Select(h => new OpenCircuitView(
                        JsonNamingPolicy.SnakeCaseLower.ConvertName(h.Scope.ToString()),
                        h.Subject.Length == 0 ? null : h.Subject,
                        h.Reason!,
                        h.ChangedAt,
                        h.RestsUntil
                    )),
            ],
            capabilities is null ? null : JsonElement.Parse(capabilities),
            Events()
        );

    private PathEventsView? Events()
    {
        if (endpoint is null)
        {
            return null;
        }

        var wanted = EventFormats.SettingsOf(provider);
        return new PathEventsView(
            $"/in/{provider}/{endpoint}",
            wanted,
            origin == "configuration" ? null : [.. wanted.Where(IsMissing)],
            RowTime.Of(silent_since)
        );
    }

    /// <summary>What is sealed is not opened to be looked at: it is there where credentials are.</summary>
    private bool IsMissing(string setting) =>
        EventFormats.IsSecret(setting)
            ? !is_sealed
            : !JsonElement
                .Parse(settings)
                .EnumerateObject()
                .Any(s => s.Name.Equals(setting, StringComparison.OrdinalIgnoreCase));
}
#pragma warning restore IDE1006, SA1300
