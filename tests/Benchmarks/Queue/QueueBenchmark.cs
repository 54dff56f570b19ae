using Gateway.Benchmarks.Running;
using Gateway.Benchmarks.Whole;

namespace Gateway.Benchmarks.Queue;

/// <summary>A million due deliveries of 1,000 tenants with two streams each: claim and record, with one loop and with two.</summary>
internal static class QueueBenchmark
{
    public static async Task RunAsync()
    {
        await using var system = await RunningSystem.StartAsync();
        var tenants = await QueueFill.TenantsAsync(system.ExecuteAsync, 1_000);
        var count = BenchTime.Of(500_000);
        await QueueFill.DueAsync(system.ExecuteAsync, tenants, count, "transactional");
        await QueueFill.DueAsync(system.ExecuteAsync, tenants, count, "broadcast");
        await system.SettleAsync();

        await ClaimsAsync(system);
        await LoopsAsync(system, 1, "warm-up (not counted)", TimeSpan.FromSeconds(2));
        await system.ForgetStatementsAsync();
        var one = await LoopsAsync(system, 1, "claim and record, one loop");
        var two = await LoopsAsync(system, 2, "claim and record, two loops");
        var again = await LoopsAsync(system, 1, "claim and record, one loop again");
        await system.ShowStatementsAsync();
        Console.WriteLine($"two loops: {two / ((one + again) / 2):F2} × one");
    }

    public static async Task<double> LoopsAsync(RunningSystem system, int loops, string what, TimeSpan? length = null)
    {
        var time = BenchTime.Of(length ?? TimeSpan.FromSeconds(10));
        await using var ledger = system.Worker();
        var running = Enumerable.Range(0, loops).Select(_ => new ClaimLoop(ledger)).ToArray();
        var meter = new Meter();
        await Task.WhenAll(running.Select(l => l.RunAsync(() => meter.Elapsed < time)));
        var rate = meter.Show(what, running.Sum(l => l.Done));
        foreach (var loop in running)
        {
            await loop.DisposeAsync();
        }

        return rate;
    }

    /// <summary>How long one claim takes, with all lanes there.</summary>
    private static async Task ClaimsAsync(RunningSystem system)
    {
        await using var ledger = system.Worker();
        var queue = new Gateway.Worker.Delivery.DeliveryQueue(ledger, TimeProvider.System);
        var took = new List<TimeSpan>();
        for (var i = 0; i < 50; i++)
        {
            var began = System.Diagnostics.Stopwatch.GetTimestamp();
            await queue.ClaimAsync(1, CancellationToken.None);
            took.Add(System.Diagnostics.Stopwatch.GetElapsedTime(began));
            // So long that the lanes are due to be read anew each time.
            await Task.Delay(300);
        }

        Console.WriteLine($"a claim of one among 2,000 lanes{Meter.Spread(took)}");
    }
}
