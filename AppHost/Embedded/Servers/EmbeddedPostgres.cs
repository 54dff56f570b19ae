using System.Globalization;
using AppHost.Embedded.Processes;
using Npgsql;

namespace AppHost.Embedded.Servers;

/// <summary>
/// A private PostgreSQL from the machine's binaries: loopback only, no Unix socket, a drawn superuser password.
/// It dies with this process; disposing stops it in order ("fast" shutdown) and keeps the data.
/// </summary>
public sealed class EmbeddedPostgres : IAsyncDisposable
{
    private const int Tries = 5;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);

    private readonly ChildProcess server;
    private readonly string password;

    private EmbeddedPostgres(ChildProcess server, int port, string password)
    {
        this.server = server;
        this.password = password;
        Port = port;
    }

    public int Port { get; }

    public int Pid => server.Pid;

    /// <summary>Ends with the exit code when the server ends, for whatever reason.</summary>
    public Task<int> Exited => server.Exited;

    /// <summary>The superuser's connection string, in the form that Aspire gives.</summary>
    public string ConnectionString(string database = "postgres") => Address(Port, password, database);

    /// <summary>Makes the cluster on first use, starts the server, returns when it answers.</summary>
    /// <exception cref="SetupException">PostgreSQL is missing, or did not start; the message has its last words.</exception>
    public static async Task<EmbeddedPostgres> StartAsync(
        EmbeddedPostgresOptions options,
        CancellationToken cancel = default
    )
    {
        var folder = new ServerFolder(options.Folder);
        var data = new PostgresData(folder, options.Log);
        var version = data.Version();
        var binaries = await ServerBinaries.PostgresAsync(version, options.Log, cancel);
        var secret = folder.Password("postgres");
        if (version is null)
        {
            await data.CreateAsync(binaries, secret, options.Durable, cancel);
        }
        else
        {
            await data.ReleaseAsync(cancel);
        }

        LastLines last = new();
        for (var attempt = 1; attempt <= Tries; attempt++)
        {
            // The port was free when we looked, but another may have bound it since: then look again.
            var port = LoopbackPort.Choose(attempt == 1 ? options.Port : 0);
            var child = await ChildProcess.StartAsync(
                new ChildCommand("postgres", Path.Combine(binaries, "postgres"), Arguments(data.Path, port, options))
                {
                    WorkingFolder = data.Path,
                    Account = ServerAccount.Current,
                    OnParentDeath = Signal.Interrupt,
                    Environment = new Dictionary<string, string?> { ["LC_ALL"] = "C", ["PGDATA"] = null },
                    Output = last.Tee(options.Log),
                },
                folder.Run
            );
            if (await AnswersAsync(child, Address(port, secret, "postgres"), cancel))
            {
                return new EmbeddedPostgres(child, port, secret);
            }

            await child.DisposeAsync();
            if (!last.TellOfTakenPort)
            {
                break;
            }
        }

        throw new SetupException($"PostgreSQL did not start. Its last words:\n{last}");
    }

    /// <summary>Makes the database if it does not exist.</summary>
    public async Task EnsureDatabaseAsync(string name, CancellationToken cancel = default)
    {
        await using var connection = new NpgsqlConnection(ConnectionString() + ";Pooling=false");
        await connection.OpenAsync(cancel);
        await using var find = new NpgsqlCommand("SELECT 1 FROM pg_database WHERE datname = $1", connection);
        find.Parameters.Add(new() { Value = name });
        if (await find.ExecuteScalarAsync(cancel) is not null)
        {
            return;
        }

        var quoted = new NpgsqlCommandBuilder().QuoteIdentifier(name);
        await using var create = new NpgsqlCommand($"CREATE DATABASE {quoted}", connection);
        await create.ExecuteNonQueryAsync(cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await server.StopAsync((Signal.Interrupt, StopLimit), (Signal.Quit, StopLimit));
        await server.DisposeAsync();
    }

    private static string Address(int port, string password, string database) =>
        $"Host=127.0.0.1;Port={port};Username={PostgresData.Superuser};Password={password};Database={database}";

    private static List<string> Arguments(string data, int port, EmbeddedPostgresOptions options)
    {
        var durable = options.Durable ? "on" : "off";
        var settings = new Dictionary<string, string>
        {
            ["listen_addresses"] = "127.0.0.1",
            ["port"] = port.ToString(CultureInfo.InvariantCulture),
            // Loopback with a password is the only door: a socket in a long path would not even bind.
            ["unix_socket_directories"] = "",
            ["max_connections"] = "200",
            ["shared_buffers"] = "256MB",
            // As much as is kept: its files are written again, and never a new one for each 16 MB.
            ["max_wal_size"] = "512MB",
            ["min_wal_size"] = "512MB",
            ["fsync"] = durable,
            ["synchronous_commit"] = durable,
            ["full_page_writes"] = durable,
            ["default_toast_compression"] = "lz4",
            ["timezone"] = "UTC",
            ["log_timezone"] = "UTC",
            ["log_checkpoints"] = "off",
        };
        foreach (var (key, value) in options.Settings)
        {
            settings[key] = value;
        }

        return ["-D", data, .. settings.SelectMany(s => new[] { "-c", $"{s.Key}={s.Value}" })];
    }

    private static async Task<bool> AnswersAsync(ChildProcess server, string address, CancellationToken cancel)
    {
        var deadline = DateTime.UtcNow + StartLimit;
        while (!server.Exited.IsCompleted && DateTime.UtcNow < deadline)
        {
            try
            {
                await using var connection = new NpgsqlConnection(address + ";Pooling=false");
                await connection.OpenAsync(cancel);
                return true;
            }
            catch (NpgsqlException)
            {
                await Task.WhenAny(server.Exited, Task.Delay(50, cancel));
            }
        }

        return false;
    }
}
