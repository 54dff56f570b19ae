using AppHost.Embedded.Processes;
using AppHost.Embedded.Servers;
using Gateway.Tests.Cluster;
using StackExchange.Redis;

namespace Gateway.Tests.AppHost;

public sealed class EmbeddedRedisTests
{
    [Fact]
    public async Task What_it_held_is_there_after_a_clean_restart()
    {
        await using var folder = await TestFolder.CreateAsync();
        await using (var first = await EmbeddedRedis.StartAsync(new() { Folder = folder.Path }))
        {
            using var client = await ConnectionMultiplexer.ConnectAsync(first.ConnectionString);
            await client.GetDatabase().StringSetAsync("kept", "42");
        }

        await using var second = await EmbeddedRedis.StartAsync(new() { Folder = folder.Path });
        using var again = await ConnectionMultiplexer.ConnectAsync(second.ConnectionString);
        Assert.Equal("42", await again.GetDatabase().StringGetAsync("kept"));
    }

    [Fact]
    public async Task Its_password_is_on_no_command_line()
    {
        await using var folder = await TestFolder.CreateAsync();
        await using var server = await EmbeddedRedis.StartAsync(new() { Folder = folder.Path });
        var secret = await File.ReadAllTextAsync(Path.Combine(folder.Path, "redis.password"));
        var commandLine = await File.ReadAllTextAsync($"/proc/{server.Pid}/cmdline");
        Assert.DoesNotContain(secret, commandLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_runs_after_it_was_disposed()
    {
        await using var folder = await TestFolder.CreateAsync();
        var server = await EmbeddedRedis.StartAsync(new() { Folder = folder.Path });
        var pid = server.Pid;
        await server.DisposeAsync();
        Assert.Null(ProcessIdentity.Of(pid));
    }
}
