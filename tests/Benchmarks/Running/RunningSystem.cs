using AppHost.Embedded.Servers;
using Dapper;
using Gateway.Database;
using Gateway.Secrets;
using Npgsql;

namespace Gateway.Benchmarks.Running;

/// <summary>
/// The product as it is run: a private PostgreSQL with everything durable, a Redis, and each host a process of its own.
/// All of it dies with this process.
/// </summary>
internal sealed class RunningSystem : IAsyncDisposable
{
    private readonly string folder;
    private readonly EmbeddedRedis redis;
    private readonly List<RunningHost> hosts = [];

    private RunningSystem(string folder, EmbeddedPostgres postgres, EmbeddedRedis redis)
    {
        (this.folder, Postgres, this.redis) = (folder, postgres, redis);
        Admin = NpgsqlDataSource.Create(postgres.ConnectionString("ledger") + ";Command Timeout=1200");
    }

    public EmbeddedPostgres Postgres { get; }

    public MasterKey Master { get; } = MasterKey.Generate();

    public KeyRing Ring { get; } = KeyRing.Generate();

    /// <summary>The superuser's: for filling and judging, never for what is measured.</summary>
    public NpgsqlDataSource Admin { get; }

    public static async Task<RunningSystem> StartAsync()
    {
        var place = Path.Combine(Path.GetTempPath(), $"email-gateway-bench-{Guid.NewGuid():N}");
        Directory.CreateDirectory(place);
        var postgres = await EmbeddedPostgres.StartAsync(
            new()
            {
                Folder = Path.Combine(place, "postgres"),
                Settings = new Dictionary<string, string> { ["shared_preload_libraries"] = "pg_stat_statements" },
            }
        );
        await postgres.EnsureDatabaseAsync("ledger");
        var cache = await EmbeddedRedis.StartAsync(new() { Folder = Path.Combine(place, "redis") });
        var system = new RunningSystem(place, postgres, cache);
        await new Migrator(postgres.ConnectionString("ledger"), system.Master, TimeProvider.System).MigrateAsync();
        PrivateFile.Write(system.MasterKeyFile, system.Master.ToBase64());
        system.Ring.Save(system.KeyRingFile, system.Master);
        Console.WriteLine($"postgres   {await system.SettingsAsync()}");
        return system;
    }

    public NpgsqlDataSource Worker() =>
        LedgerSources.Create(Postgres.ConnectionString("ledger"), LedgerRole.Worker, Master);

    public Task<RunningHost> StartApiAsync() => StartHostAsync("Gateway.Api", new Dictionary<string, string>());

    /// <param name="sinkPort">The relay that the default route leads to; the sandbox where there is none.</param>
    public Task<RunningHost> StartWorkerAsync(int? sinkPort = null) =>
        StartHostAsync(
            "Gateway.Worker",
            sinkPort is null
                ? []
                : new Dictionary<string, string>
                {
                    ["Gateway__Route__0"] = "sink",
                    ["Gateway__Paths__sink__Provider"] = "smtp",
                    ["Gateway__Paths__sink__Host"] = "127.0.0.1",
                    ["Gateway__Paths__sink__Port"] = $"{sinkPort}",
                    ["Gateway__Paths__sink__Tls"] = "None",
                    ["Gateway__Paths__sink__Concurrency"] = "64",
                }
        );

    public async Task<T> ScalarAsync<T>(string sql, object? values = null)
    {
        await using var connection = await Admin.OpenConnectionAsync();
        return (await connection.ExecuteScalarAsync<T>(sql, values))!;
    }

    public async Task ExecuteAsync(string sql, object? values = null)
    {
        await using var connection = await Admin.OpenConnectionAsync();
        await connection.ExecuteAsync(sql, values);
    }

    /// <summary>Nothing left to be done later at the cost of what is measured now.</summary>
    public async Task SettleAsync()
    {
        await ExecuteAsync("VACUUM ANALYZE");
        // A single word would be taken for a procedure's name.
        await ExecuteAsync("CHECKPOINT; SELECT 1");
    }

    /// <summary>Forgets what the statements took so far.</summary>
    public Task ForgetStatementsAsync() =>
        ExecuteAsync("CREATE EXTENSION IF NOT EXISTS pg_stat_statements; SELECT pg_stat_statements_reset()");

    /// <summary>Prints what took the server most of its time since then; where <c>BENCH_STATEMENTS</c> is set.</summary>
    public async Task ShowStatementsAsync()
    {
        if (Environment.GetEnvironmentVariable("BENCH_STATEMENTS") is null or "")
        {
            return;
        }

        await using var connection = await Admin.OpenConnectionAsync();
        var statements = await connection.QueryAsync<(
            string Text,
            long Calls,
            double All,
            double Mean,
            long Rows,
            long Blocks
        )>(
            """
            SELECT left(regexp_replace(query, '\s+', ' ', 'g'), 60), calls, total_exec_time, mean_exec_time, rows,
                shared_blks_hit + shared_blks_read
            FROM pg_stat_statements ORDER BY total_exec_time DESC LIMIT 8
            """
        );
        foreach (var s in statements)
        {
            Console.WriteLine(
                $"  {s.All, 9:F0} ms, {s.Calls, 7} × {s.Mean:F2} ms, {s.Rows} rows, {s.Blocks / Math.Max(1, s.Calls)} blocks each: {s.Text}"
            );
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in hosts)
        {
            await host.DisposeAsync();
        }

        await Admin.DisposeAsync();
        await redis.DisposeAsync();
        await Postgres.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private string MasterKeyFile => Path.Combine(folder, "master.key");

    private string KeyRingFile => Path.Combine(folder, "keyring.json");

    private async Task<RunningHost> StartHostAsync(string name, Dictionary<string, string> settings)
    {
        settings["ConnectionStrings__ledger"] = Postgres.ConnectionString("ledger");
        settings["ConnectionStrings__redis"] = redis.ConnectionString;
        settings["ASPNETCORE_ENVIRONMENT"] = "Production";
        settings["Gateway__MasterKeyFile"] = MasterKeyFile;
        settings["Gateway__KeyRingFile"] = KeyRingFile;
        settings["Logging__LogLevel__Default"] = "Warning";
        // The tenants' domains end in .example: no resolver knows their keys, and the mail is to be signed.
        settings["Gateway__Domains__TrustReservedNames"] = "true";
        // For perf: names of compiled methods.
        settings["DOTNET_PerfMapEnabled"] = Environment.GetEnvironmentVariable("BENCH_PERF") ?? "0";
        var host = await RunningHost.StartAsync(name, settings);
        hosts.Add(host);
        return host;
    }

    private async Task<string> SettingsAsync()
    {
        string[] names = ["server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers"];
        var values = new List<string>();
        foreach (var name in names)
        {
            values.Add($"{name} {await ScalarAsync<string>($"SHOW {name}")}");
        }

        return string.Join(", ", values);
    }
}
