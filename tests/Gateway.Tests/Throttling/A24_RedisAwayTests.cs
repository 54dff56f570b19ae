using System.Collections.Concurrent;
using System.Diagnostics;
using AppHost.Embedded.Processes;
using AppHost.Embedded.Servers;
using Gateway.Tests.Cluster;
using Gateway.Tests.Running;
using Gateway.Throttling;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Throttling;

public sealed class A24_RedisAwayTests
{
    private const Signal GoOn = (Signal)18;
    private const Signal StandStill = (Signal)19;

    private static ThrottleLimit Limit(long cap, TimeSpan window) =>
        new($"gw:limit:{{{Guid.NewGuid():N}}}:test", cap, window, ThrottleKind.Refuse);

    [Fact]
    public async Task A24_Redis_killed_and_back_is_never_unlimited_never_closed_and_no_burst_follows()
    {
        const int cap = 200;
        const int count = 4;
        var window = TimeSpan.FromSeconds(2);
        await using var folder = await TestFolder.CreateAsync();
        var redis = await EmbeddedRedis.StartAsync(new() { Folder = folder.Path });
        var replicas = await Task.WhenAll(
            Enumerable.Range(0, count).Select(_ => Replica.StartAsync(redis.ConnectionString, count))
        );
        var limit = Limit(cap, window);
        var admitted = new ConcurrentBag<(double At, long Units)>();
        using var stop = new CancellationTokenSource();
        var watch = Stopwatch.StartNew();
        var clients = replicas
            .SelectMany(r => Enumerable.Repeat(r, 4))
            .Select(replica =>
                Task.Run(async () =>
                {
                    while (!stop.IsCancellationRequested)
                    {
                        if ((await replica.TakeAsync(limit)).Decision is Decision.Admitted)
                        {
                            admitted.Add((watch.Elapsed.TotalMilliseconds, 1));
                        }

                        await Task.Delay(1, CancellationToken.None);
                    }
                })
            )
            .ToArray();

        await Task.Delay(window, TestContext.Current.CancellationToken);
        var killed = watch.Elapsed;
        Libc.Signal(redis.Pid, Signal.Kill);
        await redis.Exited;
        await redis.DisposeAsync();
        await Task.WhenAll(replicas.Select(r => r.UntilAloneAsync()));
        await Task.Delay(window * 2.5, TestContext.Current.CancellationToken);
        var back = watch.Elapsed;
        redis = await EmbeddedRedis.StartAsync(new() { Folder = folder.Path, Port = redis.Port });
        await Task.WhenAll(replicas.Select(r => r.UntilSharedAsync()));
        var shared = watch.Elapsed;
        await Task.Delay(window * 2, TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        await Task.WhenAll(clients);

        var away = admitted.Count(a =>
            a.At >= killed.TotalMilliseconds + window.TotalMilliseconds && a.At < back.TotalMilliseconds
        );
        Assert.True(away > 0, "nobody was let pass without Redis");
        // One a replica is the least that a part can be; the answer's way to the log may take a moment.
        var slack = count;
        var most = TrueWindows.Most(admitted, window - TimeSpan.FromMilliseconds(100));
        Assert.True(
            most <= cap + slack,
            $"{most} of {cap} in one window; killed {killed}, back {back}, found {shared}"
        );
        foreach (var replica in replicas)
        {
            await replica.DisposeAsync();
        }

        await redis.DisposeAsync();
    }

    [Fact]
    public async Task A24_A_Redis_that_stands_still_costs_one_timeout_and_is_told_what_passed()
    {
        await using var folder = await TestFolder.CreateAsync();
        await using var redis = await EmbeddedRedis.StartAsync(new() { Folder = folder.Path });
        await using var replica = await Replica.StartAsync(
            redis.ConnectionString,
            replicas: 2,
            timeout: TimeSpan.FromMilliseconds(100)
        );
        var limit = Limit(100, TimeSpan.FromMinutes(10));
        await Eventually.TrueAsync(
            async () => (await replica.TakeAsync(limit, 10)).At > 0,
            "Redis answers within its 100 ms once"
        );
        var known = replica.Throttle.Known(limit)!.Value.Used;

        Libc.Signal(redis.Pid, StandStill);
        var admitted = 0;
        var watch = Stopwatch.StartNew();
        try
        {
            for (var i = 0; i < 500; i++)
            {
                admitted += (await replica.TakeAsync(limit)).Decision is Decision.Admitted ? 1 : 0;
            }
        }
        finally
        {
            Libc.Signal(redis.Pid, GoOn);
        }

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(3), $"500 decisions took {watch.Elapsed}");
        // Half of what was left when Redis last spoke.
        Assert.Equal((100 - known) / 2, admitted);

        await replica.UntilSharedAsync();
        await Eventually.TrueAsync(
            async () =>
            {
                await replica.TakeAsync(limit);
                return replica.Throttle.Known(limit)!.Value.Used >= known + admitted;
            },
            "Redis counts what passed without it"
        );
    }

    [Fact]
    public async Task A24_Without_Redis_from_the_start_each_replica_has_its_part_and_says_so_once()
    {
        var log = new Lines();
        await using var throttle = new Throttle(
            () => throw new InvalidOperationException("nobody there"),
            new ThrottleOptions { Replicas = 4 },
            TimeProvider.System,
            log
        );
        var limit = Limit(100, TimeSpan.FromHours(1));
        var request = new ThrottleRequest([new Charge(0, 1)]);

        var outcome = await throttle.ChargeAsync([limit], [.. Enumerable.Repeat(request, 500)]);

        Assert.Equal(25, outcome.Decisions.Count(d => d is Decision.Admitted));
        var small = Limit(2, TimeSpan.FromHours(1));
        Assert.IsType<Decision.Admitted>((await throttle.ChargeAsync([small], [request])).Decisions[0]);
        await Eventually.TrueAsync(() => Task.FromResult(log.Count > 0), "it is logged");
        await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        Assert.Equal(1, log.Count);
    }

    private sealed class Lines : ILogger<Throttle>
    {
        private int count;

        public int Count => Volatile.Read(ref count);

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => Interlocked.Increment(ref count);
    }
}
