using System.Net.Sockets;
using AppHost.Embedded.Processes;
using AppHost.Embedded.Servers;
using Gateway.Tests.Cluster;
using Npgsql;

namespace Gateway.Tests.AppHost;

public sealed class EmbeddedPostgresTests
{
    [Fact]
    public async Task Data_survives_a_restart()
    {
        await using var folder = await TestFolder.CreateAsync();
        await using (var first = await StartAsync(folder))
        {
            await first.EnsureDatabaseAsync("ledger");
            await first.EnsureDatabaseAsync("ledger");
            await QueryAsync(first, "ledger", "CREATE TABLE kept AS SELECT 42 AS n");
        }

        await using var second = await StartAsync(folder);
        Assert.Equal("42", await QueryAsync(second, "ledger", "SELECT n FROM kept"));
    }

    [Fact]
    public async Task It_is_safe_against_a_crash_unless_told_otherwise()
    {
        await using var folder = await TestFolder.CreateAsync();
        await using var server = await EmbeddedPostgres.StartAsync(new() { Folder = folder.Path });
        Assert.Equal("on", await QueryAsync(server, "postgres", "SHOW fsync"));
        Assert.Equal("on", await QueryAsync(server, "postgres", "SHOW synchronous_commit"));
        Assert.Equal("lz4", await QueryAsync(server, "postgres", "SHOW default_toast_compression"));
    }

    [Fact]
    public async Task A_stranger_without_the_password_is_refused()
    {
        await using var folder = await TestFolder.CreateAsync();
        await using var server = await StartAsync(folder);
        var wrong = server.ConnectionString().Replace("Password=", "Password=x", StringComparison.Ordinal);
        await using var connection = new NpgsqlConnection(wrong + ";Pooling=false");
        var refused = await Assert.ThrowsAsync<PostgresException>(() => connection.OpenAsync());
        Assert.Equal(PostgresErrorCodes.InvalidPassword, refused.SqlState);
    }

    [Fact]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public async Task Its_password_is_for_its_owner_alone()
    {
        await using var folder = await TestFolder.CreateAsync();
        await using var server = await StartAsync(folder);
        var secret = Path.Combine(folder.Path, "postgres.password");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(secret));
        var commandLine = await File.ReadAllTextAsync($"/proc/{server.Pid}/cmdline");
        Assert.DoesNotContain(await File.ReadAllTextAsync(secret), commandLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_taken_port_falls_back_to_a_free_one()
    {
        using var taken = new TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        var port = ((System.Net.IPEndPoint)taken.LocalEndpoint).Port;
        await using var folder = await TestFolder.CreateAsync();
        await using var server = await StartAsync(folder, port);
        Assert.NotEqual(port, server.Port);
    }

    [Fact]
    public async Task A_server_that_was_left_running_is_stopped_and_its_data_kept()
    {
        await using var folder = await TestFolder.CreateAsync();
        await using var left = await StartAsync(folder);
        await QueryAsync(left, "postgres", "CREATE TABLE kept AS SELECT 1 AS n");

        await using var next = await StartAsync(folder);
        await left.Exited;
        Assert.Equal("1", await QueryAsync(next, "postgres", "SELECT n FROM kept"));
    }

    [Fact]
    public async Task The_lock_file_of_a_dead_server_does_not_stop_the_next()
    {
        await using var folder = await TestFolder.CreateAsync();
        string lockFile;
        await using (var first = await StartAsync(folder))
        {
            lockFile = Directory.GetFiles(folder.Path, "postmaster.pid", SearchOption.AllDirectories).Single();
        }

        // A process that lives, of the same user, and is no PostgreSQL.
        var child = await ChildProcess.StartAsync(
            new ChildCommand("other", "sleep", ["600"]) { WorkingFolder = "/", Account = ServerAccount.Current },
            new RunFolder(Path.Combine(folder.Path, "other"))
        );
        await using (child)
        {
            await File.WriteAllTextAsync(lockFile, $"{child.Pid}\n{Path.GetDirectoryName(lockFile)}\n0\n1\n\n\n");
            await using var second = await StartAsync(folder);
            Assert.False(child.Exited.IsCompleted);
        }
    }

    [Fact]
    public async Task Nothing_runs_after_it_was_disposed()
    {
        await using var folder = await TestFolder.CreateAsync();
        var server = await StartAsync(folder);
        var pid = server.Pid;
        await server.DisposeAsync();
        Assert.Equal(0, await server.Exited);
        Assert.Null(ProcessIdentity.Of(pid));
        Assert.Empty(Directory.GetFiles(Path.Combine(folder.Path, "run")));
    }

    private static Task<EmbeddedPostgres> StartAsync(TestFolder folder, int port = 0) =>
        EmbeddedPostgres.StartAsync(
            new()
            {
                Folder = folder.Path,
                Port = port,
                Durable = false,
            }
        );

    private static async Task<string?> QueryAsync(EmbeddedPostgres server, string database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(server.ConnectionString(database));
        await using var command = source.CreateCommand(sql);
        return (await command.ExecuteScalarAsync())?.ToString();
    }
}
