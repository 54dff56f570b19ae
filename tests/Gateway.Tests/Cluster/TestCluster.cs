using AppHost.Embedded.Servers;
using Gateway.Tests.Cluster;
using Npgsql;

[assembly: AssemblyFixture(typeof(TestCluster))]

namespace Gateway.Tests.Cluster;

/// <summary>
/// One private PostgreSQL and Redis for the whole test run, started on first use and removed at the end. A test
/// class takes it as a constructor parameter and gets databases of its own, copied from one migrated template.
/// </summary>
public sealed class TestCluster : IAsyncLifetime
{
    private const string Template = "template_ledger";
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly bool durable;
    private TestFolder? folder;
    private EmbeddedPostgres? postgres;
    private EmbeddedRedis? redis;
    private bool templateReady;

    /// <summary>The cluster of the run: fast, since nobody needs its data after a crash of the machine.</summary>
    public TestCluster()
        : this(durable: false) { }

    private TestCluster(bool durable) => this.durable = durable;

    /// <summary>
    /// Brings the template database (given as the owner's connection string) to the newest schema; once per cluster.
    /// Plugged in by whoever owns the migrations; without it the template is empty.
    /// </summary>
    public static Func<string, Task>? PrepareTemplate { get; set; }

    /// <summary>
    /// A cluster of the test's own, for tests that hold a write transaction or a snapshot open (both are felt by
    /// every database of a cluster), or that need fsync, or kill the server. The caller disposes it.
    /// </summary>
    public static async Task<TestCluster> StartPrivateAsync(bool durable = false)
    {
        var cluster = new TestCluster(durable);
        try
        {
            await cluster.PostgresAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>The superuser's string for a database of a cluster that was started.</summary>
    public string SuperuserConnectionString(string database = "postgres") =>
        postgres?.ConnectionString(database) ?? throw new InvalidOperationException("No database was asked for yet.");

    /// <summary>A new database with the newest schema, dropped when disposed.</summary>
    public async Task<TestDatabase> CreateDatabaseAsync()
    {
        var server = await PostgresAsync();
        await PrepareOnceAsync(server);
        var name = $"test_{Guid.NewGuid():N}";
        await ExecuteAsync($"CREATE DATABASE {name} TEMPLATE {Template}");
        return new TestDatabase(this, name);
    }

    /// <summary>The run's Redis, shared by all tests: use keys of your own (a fresh tenant id is enough).</summary>
    public async Task<string> RedisConnectionStringAsync()
    {
        await gate.WaitAsync();
        try
        {
            redis ??= await EmbeddedRedis.StartAsync(new() { Folder = await FolderAsync() });
            return redis.ConnectionString;
        }
        finally
        {
            gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (redis is not null)
        {
            await redis.DisposeAsync();
        }

        if (postgres is not null)
        {
            await postgres.DisposeAsync();
        }

        if (folder is not null)
        {
            await folder.DisposeAsync();
        }

        gate.Dispose();
    }

    internal async Task ExecuteAsync(string sql)
    {
        // Without a pool: a test may have restarted the server meanwhile.
        await using var connection = new NpgsqlConnection(SuperuserConnectionString() + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<EmbeddedPostgres> PostgresAsync()
    {
        await gate.WaitAsync();
        try
        {
            return postgres ??= await EmbeddedPostgres.StartAsync(
                new()
                {
                    Folder = await FolderAsync(),
                    Durable = durable,
                    Settings = new Dictionary<string, string> { ["shared_buffers"] = "128MB" },
                }
            );
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task PrepareOnceAsync(EmbeddedPostgres server)
    {
        await gate.WaitAsync();
        try
        {
            if (templateReady)
            {
                return;
            }

            await ExecuteAsync($"DROP DATABASE IF EXISTS {Template}");
            await server.EnsureDatabaseAsync(Template);
            if (PrepareTemplate is { } prepare)
            {
                await prepare(server.ConnectionString(Template));
            }

            // A database with a session cannot be copied.
            await ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{Template}'");
            templateReady = true;
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task<string> FolderAsync() => (folder ??= await TestFolder.CreateAsync(onDisk: durable)).Path;
}
