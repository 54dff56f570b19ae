using System.Net;
using System.Net.Sockets;
using AppHost.Embedded.Processes;
using AppHost.Embedded.Servers;
using Npgsql;

namespace SystemTests.Installed;

/// <summary>
/// A durable PostgreSQL and a Redis of one test, which can be stopped by a signal and come back on the same port with
/// the same data.
/// </summary>
internal sealed class Servers : IAsyncDisposable
{
    public const Signal FastShutdown = Signal.Interrupt;
    public const Signal ImmediateShutdown = Signal.Quit;
    private static readonly TimeSpan PortComesFree = TimeSpan.FromSeconds(30);
    private readonly string postgresFolder;
    private readonly string redisFolder;
    private readonly IReadOnlyDictionary<string, string> settings;
    private EmbeddedPostgres postgres;
    private EmbeddedRedis redis;

    private Servers(
        string postgresFolder,
        string redisFolder,
        IReadOnlyDictionary<string, string> settings,
        EmbeddedPostgres postgres,
        EmbeddedRedis redis
    )
    {
        (this.postgresFolder, this.redisFolder, this.settings) = (postgresFolder, redisFolder, settings);
        (this.postgres, this.redis) = (postgres, redis);
    }

    public string Redis => redis.ConnectionString;

    public string Ledger => postgres.ConnectionString("ledger");

    public static async Task<Servers> StartAsync(
        string folder,
        string? postgresData = null,
        IReadOnlyDictionary<string, string>? postgresSettings = null
    )
    {
        postgresData ??= Path.Combine(folder, "postgres");
        var redisData = Path.Combine(folder, "redis");
        postgresSettings ??= new Dictionary<string, string> { ["shared_buffers"] = "128MB" };
        var database = await EmbeddedPostgres.StartAsync(new() { Folder = postgresData, Settings = postgresSettings });
        await database.EnsureDatabaseAsync("ledger");
        var cache = await EmbeddedRedis.StartAsync(new() { Folder = redisData });
        return new Servers(postgresData, redisData, postgresSettings, database, cache);
    }

    public bool PostgresHasEnded => postgres.Exited.IsCompleted;

    /// <summary>Ends the server by this signal; returns when it is gone.</summary>
    public async Task StopPostgresAsync(Signal signal)
    {
        Libc.Signal(postgres.Pid, signal);
        await postgres.Exited.WaitAsync(TimeSpan.FromSeconds(60));
        await postgres.DisposeAsync();
    }

    public async Task StartPostgresAsync()
    {
        await UntilFreeAsync(postgres.Port);
        postgres = await EmbeddedPostgres.StartAsync(
            new()
            {
                Folder = postgresFolder,
                Port = postgres.Port,
                Settings = settings,
            }
        );
    }

    public async Task KillRedisAsync(TimeSpan away)
    {
        Libc.Signal(redis.Pid, Signal.Kill);
        await redis.Exited.WaitAsync(TimeSpan.FromSeconds(30));
        await redis.DisposeAsync();
        await Task.Delay(away);
        await UntilFreeAsync(redis.Port);
        redis = await EmbeddedRedis.StartAsync(new() { Folder = redisFolder, Port = redis.Port });
    }

    /// <summary>pg_terminate_backend of every session of the product.</summary>
    public async Task<long> TerminateBackendsAsync()
    {
        await using var connection = new NpgsqlConnection(Ledger + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename IN ('gw_door', 'gw_accept', 'gw_worker')",
            connection
        );
        return (long)(await command.ExecuteScalarAsync())!;
    }

    public async ValueTask DisposeAsync()
    {
        await redis.DisposeAsync();
        await postgres.DisposeAsync();
    }

    /// <summary>A killed server's children may hold its port a little longer.</summary>
    private static async Task UntilFreeAsync(int port)
    {
        var until = DateTime.UtcNow + PortComesFree;
        while (DateTime.UtcNow < until)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(50);
            }
        }

        throw new TimeoutException($"port {port} was not free within {PortComesFree}");
    }
}
