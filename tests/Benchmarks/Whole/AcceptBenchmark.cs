using Gateway.Benchmarks.Load;
using Gateway.Benchmarks.Running;

namespace Gateway.Benchmarks.Whole;

/// <summary>
/// Durable acceptance over HTTP beside pgbench that inserts the same 4 KiB text, one a transaction, into the same server:
/// they take turns, so that the host's moods meet both.
/// </summary>
internal static class AcceptBenchmark
{
    private const int Rounds = 3;

    public static async Task RunAsync()
    {
        var length = BenchTime.Of(TimeSpan.FromSeconds(10));
        await using var system = await RunningSystem.StartAsync();
        var tenant = await BenchTenant.CreateAsync(system);
        await using var api = await system.StartApiAsync();
        using var peer = await PgBench.PrepareAsync(system);
        await OnceAsync("warm-up (not counted)", api, tenant, TimeSpan.FromSeconds(5));

        await system.ForgetStatementsAsync();
        var (ratios, keyed) = (new List<double>(), new List<double>());
        for (var round = 1; round <= Rounds; round++)
        {
            var rate = await peer.RunAsync(length);
            ratios.Add(await OnceAsync("accepted over HTTP, 64 connections, 4 KiB", api, tenant, length) / rate);
            keyed.Add(await OnceAsync("and with an Idempotency-Key", api, tenant, length, isIdempotent: true) / rate);
        }

        await system.ShowStatementsAsync();
        Console.WriteLine($"{Spread(ratios)}; with an Idempotency-Key {Spread(keyed)}");
    }

    private static string Spread(List<double> ratios)
    {
        ratios.Sort();
        return $"{ratios[Rounds / 2]:F2} × pgbench (lowest {ratios[0]:F2}, highest {ratios[^1]:F2})";
    }

    private static async Task<double> OnceAsync(
        string what,
        RunningHost api,
        BenchTenant tenant,
        TimeSpan length,
        bool isIdempotent = false
    )
    {
        var load = new HttpLoad(api.Address, tenant) { IsIdempotent = isIdempotent };
        var meter = new Meter();
        var took = await load.RunAsync(() => meter.Elapsed < length);
        return meter.Show(what, load.Accepted, took);
    }
}
