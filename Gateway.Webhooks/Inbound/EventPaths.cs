using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using Dapper;
using Gateway.Database;
using Gateway.Providers.Events;
using Gateway.Routing;
using Gateway.Secrets;
using Npgsql;

namespace Gateway.Webhooks.Inbound;

/// <summary>A path whose provider tells events.</summary>
/// <param name="Settings">All of its settings and credentials as one section.</param>
internal sealed record EventPath(string Name, Guid? Tenant, string Kind, IConfiguration Settings, EventOptions Options);

/// <summary>
/// The paths with a door of their own, by the door's name: read whenever something about paths changed, asked for each
/// second. While the ledger is away the last ones hold.
/// </summary>
internal sealed class EventPaths(
    [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger,
    MasterKey master,
    IConfiguration configuration,
    EventFormats formats,
    ILogger<EventPaths> log
)
{
    private static readonly TimeSpan Each = TimeSpan.FromSeconds(1);

    private const string Read = """
        SELECT e.endpoint, p.path, p.tenant_id, p.provider, p.origin, p.settings::text AS settings, p.secret_sealed
        FROM path_endpoints e JOIN paths p USING (path)
        """;

    private readonly SemaphoreSlim reading = new(1, 1);
    private FrozenDictionary<string, EventPath> byEndpoint = FrozenDictionary<string, EventPath>.Empty;
    private FrozenDictionary<string, EventPath> byName = FrozenDictionary<string, EventPath>.Empty;
    private long? version;

    public IReadOnlyCollection<EventPath> All => Volatile.Read(ref byName).Values;

    public EventPath? At(string endpoint) => Volatile.Read(ref byEndpoint).GetValueOrDefault(endpoint);

    public EventPath? Named(string path) => Volatile.Read(ref byName).GetValueOrDefault(path);

    /// <summary>Follows the ledger until it is stopped.</summary>
    public async Task FollowAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Each);
        do
        {
            try
            {
                await RefreshAsync(stop);
            }
            catch (Exception problem) when (problem is NpgsqlException or IOException or TimeoutException)
            {
                InboundLogLines.EventsWait(log, problem.Message);
            }
        } while (await timer.WaitForNextTickAsync(stop));
    }

    /// <summary>Reads the paths anew if anything about them changed.</summary>
    public async Task RefreshAsync(CancellationToken cancel)
    {
        await reading.WaitAsync(cancel);
        try
        {
            await using var connection = await ledger.OpenConnectionAsync(cancel);
            // The version first: what changes meanwhile is read again.
            var now = await connection.ExecuteScalarAsync<long>("SELECT version FROM path_version");
            if (now == version)
            {
                return;
            }

            var rows = (await connection.QueryAsync<Row>(Read)).AsList();
            var paths = rows.Select(r => (r.endpoint, Path: Describe(r))).Where(p => p.Path is not null).ToArray();
            Volatile.Write(
                ref byName,
                paths.ToFrozenDictionary(p => p.Path!.Name, p => p.Path!, StringComparer.Ordinal)
            );
            Volatile.Write(
                ref byEndpoint,
                paths.ToFrozenDictionary(p => p.endpoint, p => p.Path!, StringComparer.Ordinal)
            );
            version = now;
        }
        finally
        {
            reading.Release();
        }
    }

    private EventPath? Describe(Row row)
    {
        var problems = new List<string>();
        IConfiguration settings =
            row.origin == "configuration" ? configuration.GetSection($"Gateway:Paths:{row.path}") : Stored(row);
        if (EventOptions.Read(settings, problems) is { } options && formats.Find(row.provider) is { } format)
        {
            problems.AddRange(format.Problems(options));
            if (problems.Count > 0)
            {
                InboundLogLines.SettingsWrong(log, row.path, string.Join("; ", problems));
            }

            return new EventPath(row.path, row.tenant_id, row.provider, settings, options);
        }

        InboundLogLines.SettingsWrong(log, row.path, string.Join("; ", problems));
        return null;
    }

    private IConfigurationRoot Stored(Row row)
    {
        var builder = new ConfigurationBuilder()
            .AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(row.settings)))
            .AddInMemoryCollection([new("Provider", row.provider)]);
        if (row.secret_sealed is { } text)
        {
            builder.AddJsonStream(new MemoryStream(master.Open(text, PathSecret.Place(row.tenant_id, row.path))));
        }

        return builder.Build();
    }

    // Named as the columns: Dapper fills it by them.
#pragma warning disable IDE1006, SA1300
    private sealed class Row
    {
        public string endpoint { get; init; } = "";
        public string path { get; init; } = "";
        public Guid? tenant_id { get; init; }
        public string provider { get; init; } = "";
        public string origin { get; init; } = "";
        public string settings { get; init; } = "{}";
        public byte[]? secret_sealed { get; init; }
    }
#pragma warning restore IDE1006, SA1300
}
