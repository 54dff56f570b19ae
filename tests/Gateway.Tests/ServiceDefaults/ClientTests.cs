using System.Diagnostics;
using AppHost.Embedded.Servers;
using Gateway.Tests.Cluster;
using Microsoft.Extensions.Hosting;
using Npgsql;
using StackExchange.Redis;

namespace Gateway.Tests.ServiceDefaults;

public sealed class ClientTests(TestCluster cluster)
{
    [Fact]
    public async Task The_ledger_is_found_by_its_connection_string_and_may_log_in_as_another_role()
    {
        await using var database = await cluster.CreateDatabaseAsync();
        var role = $"role_{Guid.NewGuid():N}";
        await cluster.ExecuteAsync($"CREATE ROLE {role} LOGIN PASSWORD 'p'");
        await using (
            var host = await ProbeHost.StartAsync(builder =>
            {
                builder.Configuration["ConnectionStrings:ledger"] = database.ConnectionString;
                builder.AddNpgsqlDataSource(
                    "ledger",
                    configureDataSourceBuilder: source =>
                    {
                        source.ConnectionStringBuilder.Username = role;
                        source.ConnectionStringBuilder.Password = "p";
                    }
                );
            })
        )
        {
            await using var command = host.Get<NpgsqlDataSource>().CreateCommand("SELECT current_user");
            Assert.Equal(role, await command.ExecuteScalarAsync());
            await UntilAsync(() => host.Board.States["ledger"].Up == true);
        }

        await cluster.ExecuteAsync($"DROP ROLE {role}");
    }

    [Fact]
    public async Task A_host_starts_without_Redis_and_finds_it_when_it_comes()
    {
        await using var folder = await TestFolder.CreateAsync();
        var (port, address) = await AddressOfStoppedRedisAsync(folder.Path);
        await using var host = await ProbeHost.StartAsync(builder =>
        {
            builder.Configuration["ConnectionStrings:redis"] = address;
            builder.AddRedisClient("redis");
        });
        host.Readiness.MarkReady();
        await UntilAsync(() => host.Board.States["redis"].Up == false);
        Assert.Equal(200, (await host.HealthAsync()).Status);

        await using var redis = await EmbeddedRedis.StartAsync(new() { Folder = folder.Path, Port = port });
        Assert.Equal(port, redis.Port);

        await UntilAsync(() => host.Board.States["redis"].Up == true);
        await host.Get<IConnectionMultiplexer>().GetDatabase().StringSetAsync("a", "b");
    }

    private static async Task<(int Port, string Address)> AddressOfStoppedRedisAsync(string folder)
    {
        await using var redis = await EmbeddedRedis.StartAsync(new() { Folder = folder });
        return (redis.Port, redis.ConnectionString);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60), "not within 60 s");
            await Task.Delay(20);
        }
    }
}
