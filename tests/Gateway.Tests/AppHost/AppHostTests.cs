#if !ASPIRE
using System.Diagnostics;
using AppHost.Embedded.Processes;
using Gateway.Tests.Cluster;
using Npgsql;

namespace Gateway.Tests.AppHost;

public sealed class AppHostTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData((int)Signal.Terminate)]
    [InlineData((int)Signal.Interrupt)]
    public async Task An_orderly_stop_leaves_nothing_running(int signal)
    {
        await using var folder = await TestFolder.CreateAsync();
        await using var host = AppHostProcess.Start(folder.Path);
        await host.LedgerAsync();
        var children = host.Children();
        Assert.Equal(2, children.Count);

        host.Send((Signal)signal);

        Assert.Equal(0, await host.EndedAsync());
        Assert.DoesNotContain(children, child => child.IsAlive());
        Assert.False(File.Exists(Path.Combine(folder.Path, "endpoints.json")));
        Assert.Empty(Directory.GetFiles(Path.Combine(folder.Path, "run")));
        Assert.Contains("everything is stopped", host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_children_die_with_it_when_it_is_killed()
    {
        await using var folder = await TestFolder.CreateAsync();
        await using var host = AppHostProcess.Start(folder.Path);
        await host.LedgerAsync();
        var children = host.Children();
        Assert.Equal(2, children.Count);

        host.Send(Signal.Kill);

        await host.EndedAsync();
        await GoneAsync(children);
    }

    [Fact]
    public async Task After_a_kill_the_next_start_finds_the_data_and_no_stale_endpoints()
    {
        await using var folder = await TestFolder.CreateAsync();
        await using (var killed = AppHostProcess.Start(folder.Path))
        {
            await ExecuteAsync(await killed.LedgerAsync(), "CREATE TABLE kept (n int)");
            killed.Send(Signal.Kill);
            await killed.EndedAsync();
        }

        Assert.True(File.Exists(Path.Combine(folder.Path, "endpoints.json")));
        File.Move(Path.Combine(folder.Path, "endpoints.json"), Path.Combine(folder.Path, "old.json"));
        await using var next = AppHostProcess.Start(folder.Path);
        await ExecuteAsync(await next.LedgerAsync(), "DROP TABLE kept");
    }

    [Fact]
    public async Task The_next_start_ends_what_a_killed_one_left_running()
    {
        await using var folder = await TestFolder.CreateAsync();
        var run = new RunFolder(Path.Combine(folder.Path, "run"));
        await using var left = await ChildProcess.StartAsync(
            new ChildCommand("api", "sleep", ["600"]) { WorkingFolder = "/" },
            run
        );

        await using var host = AppHostProcess.Start(folder.Path);
        await host.LedgerAsync();

        await left.Exited.WaitAsync(Limit);
        Assert.Contains("left these running; they are ended: api", host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pid_that_now_belongs_to_somebody_else_is_left_alone()
    {
        await using var folder = await TestFolder.CreateAsync();
        var run = new RunFolder(Path.Combine(folder.Path, "run"));
        await using var stranger = await ChildProcess.StartAsync(
            new ChildCommand("stranger", "sleep", ["600"]) { WorkingFolder = "/" },
            new RunFolder(Path.Combine(folder.Path, "elsewhere"))
        );
        var identity = ProcessIdentity.Of(stranger.Pid)!.Value;
        run.Record("api", identity with { StartTicks = identity.StartTicks - 1 });

        Assert.Empty(await run.EndSurvivorsAsync(CancellationToken.None));
        Assert.True(identity.IsAlive());
    }

    [Fact]
    public async Task A_second_one_on_the_same_folder_says_so_and_ends()
    {
        await using var folder = await TestFolder.CreateAsync();
        await using var first = AppHostProcess.Start(folder.Path);
        await first.LedgerAsync();

        await using var second = AppHostProcess.Start(folder.Path);

        Assert.Equal(1, await second.EndedAsync());
        Assert.Contains($"Another AppHost is running on {folder.Path}", second.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", second.Output, StringComparison.Ordinal);
        Assert.All(first.Children(), child => Assert.True(child.IsAlive()));
    }

    [Fact]
    public async Task A_second_one_on_another_folder_gets_ports_of_its_own()
    {
        await using var one = await TestFolder.CreateAsync();
        await using var two = await TestFolder.CreateAsync();
        await using var first = AppHostProcess.Start(one.Path);
        var port = new NpgsqlConnectionStringBuilder(await first.LedgerAsync()).Port;
        await using var second = AppHostProcess.Start(two.Path, $"--Ports:postgres={port}");
        Assert.NotEqual(port, new NpgsqlConnectionStringBuilder(await second.LedgerAsync()).Port);
    }

    [Fact]
    public async Task Fresh_wipes_what_was_kept()
    {
        await using var folder = await TestFolder.CreateAsync();
        await using (var first = AppHostProcess.Start(folder.Path))
        {
            await ExecuteAsync(await first.LedgerAsync(), "CREATE TABLE kept (n int)");
        }

        await File.WriteAllTextAsync(Path.Combine(folder.Path, "master.key"), "old");
        await using var second = AppHostProcess.Start(folder.Path, "--fresh");
        await ExecuteAsync(await second.LedgerAsync(), "CREATE TABLE kept (n int)");
        Assert.False(File.Exists(Path.Combine(folder.Path, "master.key")));
    }

    [Fact]
    public async Task A_server_that_crashes_is_shown_and_not_restarted()
    {
        await using var folder = await TestFolder.CreateAsync();
        await using var host = AppHostProcess.Start(folder.Path);
        await host.LedgerAsync();
        foreach (var child in host.Children())
        {
            Libc.Signal(child.Pid, Signal.Kill);
        }

        var clock = Stopwatch.StartNew();
        while (!Told("redis") || !Told("postgres"))
        {
            Assert.True(clock.Elapsed < Limit, host.Output);
            await Task.Delay(20);
        }

        host.Send(Signal.Terminate);
        Assert.Equal(0, await host.EndedAsync());

        bool Told(string name) =>
            host.Output.Contains($"{name} ended with exit code 137; it is not restarted", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Servers_that_do_not_start_end_it_with_their_reason()
    {
        await using var folder = await TestFolder.CreateAsync();
        var data = Directory.CreateDirectory(Path.Combine(folder.Path, "postgres", "cluster"));
        await File.WriteAllTextAsync(Path.Combine(data.FullName, "PG_VERSION"), "15");

        await using var host = AppHostProcess.Start(folder.Path);

        Assert.Equal(1, await host.EndedAsync());
        Assert.Contains("The gateway did not start. postgres did not start", host.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", host.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Path.Combine(folder.Path, "run")));
    }

    private static async Task GoneAsync(IReadOnlyList<ProcessIdentity> processes)
    {
        var clock = Stopwatch.StartNew();
        while (processes.Any(process => process.IsAlive()))
        {
            Assert.True(clock.Elapsed < Limit, "a child outlived its parent");
            await Task.Delay(20);
        }
    }

    private static async Task ExecuteAsync(string address, string sql)
    {
        await using var connection = new NpgsqlConnection(address + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
#endif
