using System.Collections.Concurrent;
using System.Diagnostics;
using Gateway.Api.Acceptance;
using Gateway.Tenants;
using Gateway.Tests.Cluster;
using Gateway.Throttling;
using static Gateway.Tests.Throttling.LimitedSubmissions;

namespace Gateway.Tests.Throttling;

/// <summary>D16: where nobody said it, what is over a limit waits if it is a broadcast and is refused else.</summary>
public sealed class ByStreamTests(TestCluster cluster)
{
    [Fact]
    public async Task A24_Broadcasts_that_wait_and_the_rest_together_never_pass_the_cap_in_any_true_window()
    {
        const int cap = 200;
        const int part = 150;
        var window = TimeSpan.FromSeconds(1);
        var redis = await cluster.RedisConnectionStringAsync();
        var replicas = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Replica.StartAsync(redis)));
        var limits = Halves(cap, part, window);
        var (rest, broadcasts) = (new ConcurrentBag<(double, long)>(), new ConcurrentBag<(double, long)>());
        var began = Stopwatch.StartNew();
        var last = 0.0;
        await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(client =>
                    Task.Run(async () =>
                    {
                        var random = new Random(client);
                        while (began.Elapsed < TimeSpan.FromSeconds(4))
                        {
                            // Campaigns come and end: for a second there are some, for a second none.
                            var isBroadcast = client < 2 && began.Elapsed.Seconds % 2 == 0;
                            var units = random.Next(1, 4);
                            var request = new ThrottleRequest([new Charge(isBroadcast ? 1 : 0, units)]);
                            var outcome = await replicas[client % 2].Throttle.ChargeAsync(limits, [request]);
                            if (outcome.Decisions[0] is not Decision.Admitted admitted)
                            {
                                Assert.False(isBroadcast, "a broadcast was refused");
                                continue;
                            }

                            Note(isBroadcast ? broadcasts : rest, outcome.DecidedAt, units, admitted);
                            last = Math.Max(last, outcome.DecidedAt);
                            await Task.Delay(isBroadcast ? 20 : 1);
                        }
                    })
                )
        );

        Assert.True(TrueWindows.Most(broadcasts, window) <= part, "broadcasts alone");
        Assert.True(TrueWindows.Most(rest.Concat(broadcasts), window) <= cap, "both");
        // Turns that lie ahead never shut the others out: they have at least what broadcasts may not take.
        Assert.InRange(rest.Sum(r => r.Item2), 3 * (cap - part), 5 * cap);
        foreach (var replica in replicas)
        {
            await replica.DisposeAsync();
        }
    }

    [Fact]
    public async Task While_broadcasts_wait_the_rest_has_what_they_may_not_take_and_all_of_it_when_there_are_none()
    {
        await using var replica = await Replica.StartAsync(await cluster.RedisConnectionStringAsync());
        var alone = Halves(8, 6, TimeSpan.FromMinutes(10));
        Assert.Equal(8, await AdmittedAsync(replica, alone, half: 0, asked: 10));

        var both = Halves(8, 6, TimeSpan.FromMinutes(10));
        var first = await replica.Throttle.ChargeAsync(both, [.. Enumerable.Repeat(Of(1), 9)]);
        Assert.Equal(6, first.Decisions.Count(d => d is Decision.Admitted { Turns.Count: 0 }));
        Assert.Equal(3, first.Decisions.Count(d => d is Decision.Admitted { Turns.Count: 1 }));
        Assert.Equal(2, await AdmittedAsync(replica, both, half: 0, asked: 5));
    }

    [Fact]
    public async Task A_broadcast_waits_until_the_rest_is_down_to_its_part()
    {
        await using var replica = await Replica.StartAsync(await cluster.RedisConnectionStringAsync());
        var limits = Halves(8, 6, TimeSpan.FromMinutes(10));
        Assert.Equal(8, await AdmittedAsync(replica, limits, half: 0, asked: 8));
        var outcome = await replica.Throttle.ChargeAsync(limits, [Of(1)]);
        var turn = Assert.Single(Assert.IsType<Decision.Admitted>(outcome.Decisions[0]).Turns);
        Assert.InRange(turn.In, TimeSpan.FromMinutes(9.9), TimeSpan.FromMinutes(10.3));
        // Its turn is its own: the rest is at its part's end.
        Assert.Equal(0, await AdmittedAsync(replica, limits, half: 0, asked: 1));
    }

    [Fact]
    public async Task Of_a_limit_that_says_nothing_broadcasts_wait_and_transactional_mail_is_refused()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenant = await ledger.CreateTenantAsync();
        await using var replica = await LimitedReplica.StartAsync(cluster, ledger);
        foreach (var scope in new[] { LimitScope.Tenant, LimitScope.Key, LimitScope.SendingDomain })
        {
            var limit = Limit(scope, 4, OverLimit.ByStream);
            var broadcasts = new List<AcceptanceResult>();
            for (var i = 0; i < 5; i++)
            {
                broadcasts.Add(await replica.AcceptAsync(tenant.Limited(limit) with { Stream = "broadcast" }));
            }

            var waits = broadcasts
                .Select(b => Assert.IsType<AcceptanceResult.Accepted>(b).Waits?[0]?.For ?? "")
                .ToList();
            Assert.Equal(["", "", ""], waits.Take(3));
            Assert.All(waits.Skip(3), w => Assert.StartsWith("limit:", w, StringComparison.Ordinal));
            Assert.IsType<AcceptanceResult.Accepted>(await replica.AcceptAsync(tenant.Limited(limit)));
            Assert.IsType<AcceptanceResult.Throttled>(await replica.AcceptAsync(tenant.Limited(limit)));
        }
    }

    [Fact]
    public async Task What_the_ledger_holds_is_counted_for_the_half_that_it_went_by()
    {
        await using var ledger = await TestLedger.CreateAsync(cluster);
        var tenant = await ledger.CreateTenantAsync();
        await using var replica = await LimitedReplica.StartAsync(cluster, ledger);
        for (var i = 0; i < 5; i++)
        {
            await replica.AcceptAsync(
                tenant.Limited(Limit(LimitScope.Tenant, 100)) with
                {
                    Stream = i < 3 ? "broadcast" : "transactional",
                }
            );
        }

        // Three quarters of 5 are 3: all that broadcasts may take is used, and all of the limit with it.
        var limit = Limit(LimitScope.Tenant, 5, OverLimit.ByStream, seconds: 3_600);
        Assert.IsType<AcceptanceResult.Throttled>(await replica.AcceptAsync(tenant.Limited(limit)));
        var waits = await replica.AcceptAsync(tenant.Limited(limit) with { Stream = "broadcast" });
        Assert.NotNull(Assert.IsType<AcceptanceResult.Accepted>(waits).Waits);
    }

    private static ThrottleLimit[] Halves(int cap, int part, TimeSpan window)
    {
        var key = $"gw:limit:{{{Guid.NewGuid():N}}}:";
        return
        [
            new(key + "rest", cap, window, ThrottleKind.Shared) { OtherKey = key + "turns", OwnCap = cap - part },
            new(key + "turns", part, window, ThrottleKind.SharedWait) { OtherKey = key + "rest" },
        ];
    }

    private static ThrottleRequest Of(int half) => new([new Charge(half, 1)]);

    private static async Task<int> AdmittedAsync(Replica replica, ThrottleLimit[] limits, int half, int asked)
    {
        var outcome = await replica.Throttle.ChargeAsync(limits, [.. Enumerable.Repeat(Of(half), asked)]);
        return outcome.Decisions.Count(d => d is Decision.Admitted { Turns.Count: 0 });
    }

    /// <summary>A unit counts when it goes: now, or each at its turn.</summary>
    private static void Note(ConcurrentBag<(double, long)> bag, double at, int units, Decision.Admitted admitted)
    {
        if (admitted.Turns.Count == 0)
        {
            bag.Add((at, units));
            return;
        }

        var turn = admitted.Turns[0];
        for (var i = 0; i < units; i++)
        {
            bag.Add((turn.First + (i * turn.Step.TotalMilliseconds), 1));
        }
    }
}
