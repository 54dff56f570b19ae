using System.Collections.Concurrent;
using System.Diagnostics;
using Gateway.Tests.Cluster;
using Gateway.Throttling;

namespace Gateway.Tests.Throttling;

/// <summary>Units that a replica holds ahead of their use: fewer questions, the same answers.</summary>
public sealed class A24_AllowanceTests(TestCluster cluster)
{
    private static readonly ThrottleRequest One = new([new Charge(0, 1)]);

    private static ThrottleLimit Limit(long cap, TimeSpan window, ThrottleKind kind = ThrottleKind.Refuse) =>
        new($"gw:limit:{{{Guid.NewGuid():N}}}:test", cap, window, kind);

    [Fact]
    public async Task A24_A_quiet_limit_is_asked_each_time()
    {
        await using var replica = await Replica.StartAsync(await cluster.RedisConnectionStringAsync());
        var limit = Limit(1_000_000, TimeSpan.FromMinutes(1));

        for (var i = 1; i <= 20; i++)
        {
            Assert.Null(replica.Throttle.TryCharge([limit], One));
            var outcome = await replica.Throttle.ChargeAsync([limit], [One]);
            Assert.Equal((i, 0L), (outcome.Uses[0].Used, outcome.Uses[0].Granted));
        }
    }

    [Theory]
    [InlineData(ThrottleKind.Refuse)]
    [InlineData(ThrottleKind.Wait)]
    [InlineData(ThrottleKind.Month)]
    public async Task A24_A_busy_limit_gives_ahead_and_what_was_not_used_goes_back(ThrottleKind kind)
    {
        await using var replica = await Replica.StartAsync(await cluster.RedisConnectionStringAsync());
        // Sub-buckets of a tenth of a second.
        var limit = Limit(1_000_000, TimeSpan.FromSeconds(10), kind);
        var used = await UseBusilyAsync(replica, limit, TimeSpan.FromSeconds(1));
        Assert.True(used.Held > 0, "nothing was held, so nothing could go back");

        // Longer than a sample of the rate: what is asked now wants nothing ahead.
        await Task.Delay(TimeSpan.FromSeconds(0.7), TestContext.Current.CancellationToken);
        var all = used.All;
        ThrottleOutcome outcome;
        // What a month holds it holds on: it is used first.
        do
        {
            outcome = await AskAsync(replica, limit);
            all++;
        } while (outcome.Uses[0].Used == 0);

        Assert.Equal((all, 0L), (outcome.Uses[0].Used, outcome.Uses[0].Granted));
    }

    [Fact]
    public async Task A24_Held_units_never_pass_the_cap_in_any_true_window()
    {
        const int cap = 20_000;
        var window = TimeSpan.FromSeconds(1);
        var redis = await cluster.RedisConnectionStringAsync();
        var replicas = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Replica.StartAsync(redis)));
        var limit = Limit(cap, window);
        var admitted = new ConcurrentBag<(double At, long Units)>();
        var held = 0;
        var watch = Stopwatch.StartNew();

        await Task.WhenAll(
            Enumerable
                .Range(0, 32)
                .Select(client =>
                    Task.Run(async () =>
                    {
                        while (watch.Elapsed < window * 3.5)
                        {
                            var throttle = replicas[client % replicas.Length].Throttle;
                            var outcome = throttle.TryCharge([limit], One);
                            Interlocked.Add(ref held, outcome is null ? 0 : 1);
                            outcome ??= await throttle.ChargeAsync([limit], [One]);
                            if (outcome.Decisions[0] is Decision.Admitted)
                            {
                                admitted.Add((outcome.DecidedAt, 1));
                            }
                        }
                    })
                )
        );

        var most = TrueWindows.Most(admitted, window);
        Assert.True(held > 0, "nothing was held");
        Assert.True(most <= cap, $"{most} of {cap} in a true window, {held} of {admitted.Count} held");
        foreach (var replica in replicas)
        {
            await replica.DisposeAsync();
        }
    }

    [Fact]
    public async Task A24_A_limit_that_is_half_used_gives_nothing_ahead()
    {
        await using var replica = await Replica.StartAsync(await cluster.RedisConnectionStringAsync());
        var limit = Limit(1_000_000, TimeSpan.FromMinutes(10));
        await replica.TakeAsync(limit, 500_000);

        var used = await UseBusilyAsync(replica, limit, TimeSpan.FromSeconds(0.5));

        Assert.Equal(0, used.Held);
        Assert.Equal(500_000 + used.All, (await AskAsync(replica, limit)).Uses[0].Used - 1);
    }

    [Fact]
    public async Task A24_A_refused_request_keeps_nothing_of_what_its_replica_held()
    {
        await using var replica = await Replica.StartAsync(await cluster.RedisConnectionStringAsync());
        var busy = Limit(1_000_000, TimeSpan.FromSeconds(10));
        var narrow = new ThrottleLimit(busy.Key + ":full", 1, TimeSpan.FromMinutes(1), ThrottleKind.Refuse);
        await replica.TakeAsync(narrow);
        var used = await UseBusilyAsync(replica, busy, TimeSpan.FromSeconds(0.5));
        var both = new ThrottleRequest([new Charge(0, 1), new Charge(1, 1)]);

        for (var i = 0; i < 50; i++)
        {
            var outcome = await replica.Throttle.ChargeAsync([busy, narrow], [both]);
            Assert.Equal(1, Assert.IsType<Decision.Refused>(outcome.Decisions[0]).Limit);
        }

        await Task.Delay(TimeSpan.FromSeconds(0.7), TestContext.Current.CancellationToken);
        Assert.Equal(used.All + 1, (await AskAsync(replica, busy)).Uses[0].Used);
    }

    /// <summary>One unit after the other, first of what is held; at least so many that a starved machine is busy too.</summary>
    private static async Task<(long All, long Held)> UseBusilyAsync(Replica replica, ThrottleLimit limit, TimeSpan time)
    {
        var watch = Stopwatch.StartNew();
        var (all, held) = (0L, 0L);
        while (watch.Elapsed < time || all < 300)
        {
            var outcome = replica.Throttle.TryCharge([limit], One);
            held += outcome is null ? 0 : 1;
            outcome ??= await AskAsync(replica, limit);
            Assert.IsType<Decision.Admitted>(outcome.Decisions[0]);
            all++;
        }

        return (all, held);
    }

    private static Task<ThrottleOutcome> AskAsync(Replica replica, ThrottleLimit limit) =>
        replica.Throttle.ChargeAsync([limit], [One]);
}
