using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Gateway.Tests.Cluster;
using Gateway.Throttling;

namespace Gateway.Tests.Throttling;

public sealed class A24_WindowTests(TestCluster cluster, ITestOutputHelper output)
{
    private const int Replicas = 4;
    private const int Clients = 64;

    private static string Key() => $"gw:limit:{{{Guid.NewGuid():N}}}:test";

    [Fact]
    public Task A24_Four_replicas_and_64_clients_never_pass_the_cap_in_any_true_window_and_use_98_percent() =>
        HammerAsync(TimeSpan.FromSeconds(1), windows: 4);

    /// <summary>tests/SystemTests/windows.sh: the window in seconds, and how many of them.</summary>
    [Fact(Explicit = true)]
    public Task A24_The_same_holds_for_long_windows() =>
        HammerAsync(TimeSpan.FromSeconds(Number("GATEWAY_WINDOW_SECONDS", 10)), Number("GATEWAY_WINDOWS", 6));

    private static int Number(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var number)
            ? number
            : otherwise;

    private async Task HammerAsync(TimeSpan window, int windows)
    {
        const int cap = 1_000;
        var redis = await cluster.RedisConnectionStringAsync();
        // Every clock is wrong in its own way: only Redis' own counts.
        TimeSpan[] skews = [TimeSpan.FromSeconds(-90), TimeSpan.Zero, TimeSpan.FromSeconds(90), TimeSpan.FromDays(1)];
        var replicas = await Task.WhenAll(skews.Select(s => Replica.StartAsync(redis, Replicas, s)));
        var limit = new ThrottleLimit(Key(), cap, window, ThrottleKind.Refuse);
        var admitted = new ConcurrentBag<(double At, TimeSpan Asked, TimeSpan Told)>();
        var watch = Stopwatch.StartNew();
        var refused = 0;
        var runs = window * (windows + 0.5);

        await Task.WhenAll(
            Enumerable
                .Range(0, Clients)
                .Select(client =>
                    Task.Run(async () =>
                    {
                        while (watch.Elapsed < runs)
                        {
                            var asked = watch.Elapsed;
                            var (decision, at) = await replicas[client % Replicas].TakeAsync(limit);
                            if (decision is Decision.Admitted)
                            {
                                admitted.Add((at, asked, watch.Elapsed));
                            }
                            else
                            {
                                Interlocked.Increment(ref refused);
                            }
                        }
                    })
                )
        );

        var most = TrueWindows.Most(admitted.Select(a => (a.At, 1L)), window);
        output.WriteLine(
            $"{windows} windows of {window.TotalSeconds:0} s, {Replicas} replicas, {Clients} clients: {admitted.Count} admitted, "
                + $"{refused} refused; at most {most} of {cap} in any true window"
        );
        Assert.True(most <= cap, "by Redis' time");
        // By a clock that has no part in it: what was both asked and told within a window happened in it.
        foreach (var from in admitted.Select(a => a.Asked).Order().Where((_, i) => i % 50 == 0))
        {
            var inside = admitted.Count(a => a.Asked >= from && a.Told < from + window);
            Assert.True(inside <= cap, $"{inside} were asked for and admitted in the window from {from}");
        }

        Assert.True(admitted.Count >= 0.98 * cap * windows, $"{admitted.Count} of {cap} a second in {runs}");
        foreach (var replica in replicas)
        {
            await replica.DisposeAsync();
        }
    }

    [Fact]
    public async Task A24_A_key_has_one_size_whatever_it_counts_and_always_ends()
    {
        await using var replica = await Replica.StartAsync(await cluster.RedisConnectionStringAsync());
        foreach (var seconds in new[] { 1, 60, 86_400 })
        {
            var limit = new ThrottleLimit(Key(), 1_000_000, TimeSpan.FromSeconds(seconds), ThrottleKind.Refuse);
            for (var i = 0; i < 20; i++)
            {
                await replica.TakeAsync(limit, 1 + (i * 100));
            }

            Assert.Equal(48 + (101 * 4), await replica.Redis.StringLengthAsync(limit.Key));
            var left = await replica.Redis.KeyTimeToLiveAsync(limit.Key);
            Assert.InRange(left!.Value, limit.Window * 0.9, (limit.Window * 1.03) + TimeSpan.FromSeconds(2));
        }
    }

    [Fact]
    public async Task A24_A_script_that_Redis_forgot_is_told_again()
    {
        await using var replica = await Replica.StartAsync(await cluster.RedisConnectionStringAsync());
        var limit = new ThrottleLimit(Key(), 10, TimeSpan.FromMinutes(1), ThrottleKind.Refuse);
        var admitted = 0;
        for (var i = 0; i < 30; i++)
        {
            await replica.Redis.ExecuteAsync("SCRIPT", "FLUSH");
            var (decision, at) = await replica.TakeAsync(limit);
            admitted += decision is Decision.Admitted ? 1 : 0;
            Assert.True(at > 0, "Redis did not decide");
        }

        Assert.Equal(10, admitted);
        Assert.True(replica.Throttle.IsShared);
    }

    [Fact]
    public async Task A_request_is_charged_to_all_of_its_limits_or_to_none()
    {
        await using var replica = await Replica.StartAsync(await cluster.RedisConnectionStringAsync());
        var tag = Key();
        ThrottleLimit[] limits =
        [
            new(tag + ":wide", 100, TimeSpan.FromMinutes(1), ThrottleKind.Refuse),
            new(tag + ":narrow", 3, TimeSpan.FromMinutes(1), ThrottleKind.Refuse),
        ];
        var both = new ThrottleRequest([new Charge(0, 10), new Charge(1, 1)]);
        var wide = new ThrottleRequest([new Charge(0, 10)]);

        // One call: the second five meet a full narrow limit, and what they did not take is there for the last ones.
        var outcome = await replica.Throttle.ChargeAsync(limits, [both, both, both, both, both, wide, wide]);

        Assert.Equal(
            [true, true, true, false, false, true, true],
            outcome.Decisions.Select(d => d is Decision.Admitted)
        );
        Assert.Equal([50L, 3L], outcome.Uses.Select(u => u.Used));
        Assert.Equal(1, Assert.IsType<Decision.Refused>(outcome.Decisions[3]).Limit);
        Assert.InRange(
            ((Decision.Refused)outcome.Decisions[3]).OpensIn,
            TimeSpan.FromSeconds(59),
            TimeSpan.FromSeconds(61)
        );
    }

    [Fact]
    public async Task What_is_given_back_can_be_used_again_and_nothing_more()
    {
        await using var replica = await Replica.StartAsync(await cluster.RedisConnectionStringAsync());
        ThrottleLimit[] limits = [new(Key(), 10, TimeSpan.FromMinutes(1), ThrottleKind.Refuse)];
        var request = new ThrottleRequest([new Charge(0, 4)]);
        var first = await replica.Throttle.ChargeAsync(limits, [request, request]);

        await replica.Throttle.RefundAsync(limits, first.Uses, request, (Decision.Admitted)first.Decisions[0]);

        var rest = new ThrottleRequest([new Charge(0, 1)]);
        var again = await replica.Throttle.ChargeAsync(limits, [.. Enumerable.Repeat(rest, 10)]);
        Assert.Equal(6, again.Decisions.Count(d => d is Decision.Admitted));
    }

    [Fact]
    public async Task A_limit_warns_once_at_80_percent_and_tells_once_that_it_is_reached()
    {
        await using var replica = await Replica.StartAsync(await cluster.RedisConnectionStringAsync());
        ThrottleLimit[] limits = [new(Key(), 10, TimeSpan.FromMinutes(1), ThrottleKind.Refuse)];
        var told = new List<(bool, bool)>();
        for (var i = 0; i < 14; i++)
        {
            var outcome = await replica.Throttle.ChargeAsync(limits, [new ThrottleRequest([new Charge(0, 1)])]);
            told.Add((outcome.Uses[0].Warn, outcome.Uses[0].Reached));
        }

        Assert.Equal(7, told.FindIndex(t => t.Item1));
        Assert.Equal(9, told.FindIndex(t => t.Item2));
        Assert.Single(told, t => t.Item1);
        Assert.Single(told, t => t.Item2);
    }

    [Fact]
    public async Task A_month_counts_until_its_quota_and_gives_back()
    {
        await using var replica = await Replica.StartAsync(await cluster.RedisConnectionStringAsync());
        var month = new ThrottleLimit(Key(), 100, TimeSpan.FromDays(30), ThrottleKind.Month, FromLedger: true);
        var request = new ThrottleRequest([new Charge(0, 10)]);

        Assert.Equal([0], (await replica.Throttle.ChargeAsync([month], [request])).Missing);
        await replica.Throttle.SeedAsync(month, [85]);
        await replica.Throttle.SeedAsync(month, [0]);

        var outcome = await replica.Throttle.ChargeAsync([month], [request, request]);
        Assert.IsType<Decision.Refused>(outcome.Decisions[1]);
        Assert.Equal(95, outcome.Uses[0].Used);
        await replica.Throttle.RefundAsync([month], outcome.Uses, request, (Decision.Admitted)outcome.Decisions[0]);
        Assert.Equal(95, (await replica.Throttle.ChargeAsync([month], [request])).Uses[0].Used);
    }

    [Fact]
    public async Task What_the_ledger_counted_leaves_the_window_by_its_age()
    {
        await using var replica = await Replica.StartAsync(await cluster.RedisConnectionStringAsync());
        var limit = new ThrottleLimit(Key(), 10, TimeSpan.FromSeconds(2), ThrottleKind.Refuse, FromLedger: true);
        var ages = new long[101];
        (ages[60], ages[10]) = (6, 4);
        await replica.Throttle.SeedAsync(limit, ages);

        var (first, _) = await replica.TakeAsync(limit);
        var opens = Assert.IsType<Decision.Refused>(first).OpensIn;

        // 40 of 100 parts of the window are left to those that are 60 parts old.
        Assert.InRange(opens, TimeSpan.FromSeconds(0.3), TimeSpan.FromSeconds(0.85));
        await Task.Delay(opens + TimeSpan.FromMilliseconds(25), TestContext.Current.CancellationToken);
        var outcome = await replica.Throttle.ChargeAsync(
            [limit],
            [.. Enumerable.Repeat(new ThrottleRequest([new Charge(0, 1)]), 10)]
        );
        Assert.Equal(6, outcome.Decisions.Count(d => d is Decision.Admitted));
    }
}
