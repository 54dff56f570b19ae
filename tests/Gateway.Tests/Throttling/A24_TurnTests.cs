using Gateway.Tests.Cluster;
using Gateway.Throttling;

namespace Gateway.Tests.Throttling;

/// <summary>Turns are promises: units that go at their turn, with those that went at once, never pass the cap.</summary>
public sealed class A24_TurnTests(TestCluster cluster)
{
    private static ThrottleLimit Limit(long cap, TimeSpan window) =>
        new($"gw:limit:{{{Guid.NewGuid():N}}}:test", cap, window, ThrottleKind.Wait);

    [Theory]
    [InlineData(10, 400, 1)]
    [InlineData(50, 1_000, 2)]
    [InlineData(7, 1_300, 3)]
    [InlineData(400, 1_000, 4)]
    public async Task A24_No_true_window_of_turns_and_of_what_went_at_once_passes_the_cap(
        int cap,
        int windowMilliseconds,
        int seed
    )
    {
        await using var replica = await Replica.StartAsync(await cluster.RedisConnectionStringAsync());
        var limit = Limit(cap, TimeSpan.FromMilliseconds(windowMilliseconds));
        var random = new Random(seed);
        var log = new List<(double At, long Units)>();
        var ends = DateTime.UtcNow + TimeSpan.FromSeconds(3);
        var last = 0.0;
        while (DateTime.UtcNow < ends)
        {
            // Bursts and rests, so that it fills, queues, drains and begins anew.
            for (var i = random.Next(1, 2 + (cap / 3)); i > 0; i--)
            {
                var units = random.Next(1, 1 + Math.Max(1, cap / 5));
                var (decision, at) = await replica.TakeAsync(limit, units);
                var turns = ((Decision.Admitted)decision).Turns;
                if (turns.Count == 0)
                {
                    Assert.True(at >= last - 0.001, "it overtook one that waits");
                    log.Add((at, units));
                    continue;
                }

                var first = at + turns[0].In.TotalMilliseconds;
                Assert.True(first >= last - 0.001, "turns are in the order of arrival");
                for (var unit = 0; unit < units; unit++)
                {
                    last = first + (unit * turns[0].Step.TotalMilliseconds);
                    log.Add((last, 1));
                }
            }

            await Task.Delay(random.Next(0, windowMilliseconds / 2), TestContext.Current.CancellationToken);
            if (random.Next(4) == 0)
            {
                await Task.Delay(windowMilliseconds / 2, TestContext.Current.CancellationToken);
            }
        }

        // TimeSpan cuts at 0.1 µs, a sum of which is told apart from a window by TrueWindows.
        var most = TrueWindows.Most(log, limit.Window - TimeSpan.FromMilliseconds(0.01));
        Assert.True(most <= cap, $"{most} of {cap} in one window");
        Assert.Contains(log, e => e.At > 0);
    }

    [Fact]
    public async Task A_backlog_goes_at_the_full_pace_of_the_limit()
    {
        await using var replica = await Replica.StartAsync(await cluster.RedisConnectionStringAsync());
        var limit = Limit(100, TimeSpan.FromMinutes(1));
        var outcome = await replica.Throttle.ChargeAsync(
            [limit],
            [.. Enumerable.Repeat(new ThrottleRequest([new Charge(0, 1)]), 1_000)]
        );

        var waits = outcome.Decisions.Cast<Decision.Admitted>().SelectMany(d => d.Turns).Select(t => t.In).ToArray();
        Assert.Equal(900, waits.Length);
        Assert.Equal(waits.Order(), waits);
        // A burst fills the first window; the next turn is a window later, and 900 take nine windows.
        Assert.InRange(waits[0].TotalSeconds, 59, 61.2);
        Assert.InRange((waits[^1] - waits[0]).TotalSeconds, 539, 540);
    }

    [Fact]
    public async Task The_last_turn_can_be_given_back()
    {
        await using var replica = await Replica.StartAsync(await cluster.RedisConnectionStringAsync());
        ThrottleLimit[] limits = [Limit(1, TimeSpan.FromMinutes(1))];
        var request = new ThrottleRequest([new Charge(0, 1)]);
        await replica.Throttle.ChargeAsync(limits, [request]);
        var second = await replica.Throttle.ChargeAsync(limits, [request]);
        var decision = (Decision.Admitted)second.Decisions[0];

        await replica.Throttle.RefundAsync(limits, second.Uses, request, decision);
        var third = (Decision.Admitted)(await replica.Throttle.ChargeAsync(limits, [request])).Decisions[0];

        Assert.InRange(third.Turns[0].First, decision.Turns[0].First - 700, decision.Turns[0].First + 700);
    }

    [Fact]
    public async Task Sends_over_a_paths_rate_are_told_different_times()
    {
        await using var replica = await Replica.StartAsync(await cluster.RedisConnectionStringAsync());
        var limit = new ThrottleLimit(
            $"gw:path:{{{Guid.NewGuid():N}}}:1",
            10,
            TimeSpan.FromSeconds(1),
            ThrottleKind.Spread
        );
        var outcome = await replica.Throttle.ChargeAsync(
            [limit],
            [.. Enumerable.Repeat(new ThrottleRequest([new Charge(0, 1)]), 60)]
        );

        var waits = outcome.Decisions.OfType<Decision.Refused>().Select(r => r.OpensIn.TotalSeconds).ToArray();
        Assert.Equal(50, waits.Length);
        Assert.Equal(waits.Distinct().Order(), waits);
        Assert.InRange(waits[^1], 5, 6.5);
    }
}
