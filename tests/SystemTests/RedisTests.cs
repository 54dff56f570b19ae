using System.Diagnostics;
using AppHost.Embedded.Processes;
using AppHost.Embedded.Servers;
using Gateway.Tests.Cluster;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using StackExchange.Redis;

namespace SystemTests;

/// <summary>Redis holds only what may be lost; its client must come back by itself.</summary>
public sealed class RedisTests
{
    private const int Kills = 20;
    private const int Callers = 16;
    private static readonly TimeSpan RecoversWithin = TimeSpan.FromSeconds(5);

    /// <summary>Explicit: a minute of kills, of interest when the client or its settings change.</summary>
    [Fact(Explicit = true)]
    public async Task Scripts_run_again_within_5_seconds_of_each_of_20_kills()
    {
        await using var folder = await TestFolder.CreateAsync();
        var redis = await EmbeddedRedis.StartAsync(new() { Folder = folder.Path });
        var builder = Host.CreateApplicationBuilder();
        builder.Configuration.AddInMemoryCollection([new("ConnectionStrings:redis", redis.ConnectionString)]);
        builder.AddRedisClient("redis");
        using var host = builder.Build();
        var client = host.Services.GetRequiredService<IConnectionMultiplexer>();
        using var stop = new CancellationTokenSource();
        var (good, bad) = (0L, 0L);
        var callers = Enumerable
            .Range(0, Callers)
            .Select(_ =>
                Task.Run(async () =>
                {
                    while (!stop.IsCancellationRequested)
                    {
                        if (await EvaluatesAsync(client))
                        {
                            Interlocked.Increment(ref good);
                        }
                        else
                        {
                            Interlocked.Increment(ref bad);
                            await Task.Delay(10);
                        }
                    }
                })
            )
            .ToArray();

        var recoveries = new List<TimeSpan>();
        for (var i = 0; i < Kills; i++)
        {
            await Task.Delay(TimeSpan.FromSeconds(1));
            Libc.Signal(redis.Pid, Signal.Kill);
            await redis.Exited;
            await redis.DisposeAsync();
            redis = await EmbeddedRedis.StartAsync(new() { Folder = folder.Path, Port = redis.Port });
            var back = Stopwatch.StartNew();
            while (!await EvaluatesAsync(client))
            {
                await Task.Delay(20);
                Assert.True(back.Elapsed < TimeSpan.FromSeconds(60), $"kill {i + 1}: not back after a minute");
            }

            recoveries.Add(back.Elapsed);
        }

        await stop.CancelAsync();
        await Task.WhenAll(callers);
        await redis.DisposeAsync();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{good} scripts ran, {bad} failed; back after at most {recoveries.Max().TotalSeconds:0.00} s"
        );
        Assert.True(recoveries.Max() < RecoversWithin, string.Join(' ', recoveries));
    }

    private static async Task<bool> EvaluatesAsync(IConnectionMultiplexer client)
    {
        try
        {
            RedisKey[] keys = ["{test}"];
            await client.GetDatabase().ScriptEvaluateAsync("return redis.call('INCR', KEYS[1])", keys);
            return true;
        }
        catch (Exception problem) when (problem is RedisException or TimeoutException)
        {
            return false;
        }
    }
}
