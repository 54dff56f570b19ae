using System.Diagnostics;
using Gateway.Benchmarks.Load;
using Gateway.Benchmarks.Running;
using Gateway.Benchmarks.Sink;

namespace Gateway.Benchmarks.Whole;

/// <summary>One Worker empties a queue that was filled over HTTP into a sink: claim, load, prepare, sign, begin, send, record.</summary>
internal static class SendBenchmark
{
    /// <summary>What the Worker sends before it is measured: its code is compiled by then.</summary>
    private const double WarmUp = 0.3;

    public static async Task RunAsync()
    {
        await OnceAsync(signs: false, BenchTime.Of(80_000));
        await OnceAsync(signs: true, BenchTime.Of(30_000));
    }

    private static async Task OnceAsync(bool signs, int count)
    {
        await using var system = await RunningSystem.StartAsync();
        var tenant = await BenchTenant.CreateAsync(system, signs);
        await using var sink = await SinkProcess.StartAsync();
        await using (var api = await system.StartApiAsync())
        {
            var load = new HttpLoad(api.Address, tenant);
            await load.RunAsync(() => load.Accepted < count);
            count = (int)load.Accepted;
        }

        await system.SettleAsync();
        await system.ForgetStatementsAsync();
        await using var worker = await system.StartWorkerAsync(sink.Port);
        await sink.UntilAsync((long)(count * WarmUp), TimeSpan.FromMinutes(2));
        var meter = new Meter();
        var from = await sink.CountAsync();
        await sink.UntilAsync(count - 500, TimeSpan.FromMinutes(5));
        var to = await sink.CountAsync();
        meter.Show($"sent by one Worker, {(signs ? "rsa-2048" : "no DKIM")}, 4 KiB", to - from);
        await system.ShowStatementsAsync();
        var watch = Stopwatch.StartNew();
        while (await system.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM deliveries_due)"))
        {
            await Task.Delay(50);
        }

        Console.WriteLine(
            $"the last was recorded {watch.Elapsed.TotalSeconds:F2} s later; {Doubled(count, await sink.CountAsync())}"
        );
    }

    private static string Doubled(long accepted, long taken) => $"{accepted:N0} accepted, {taken:N0} taken by the sink";
}
