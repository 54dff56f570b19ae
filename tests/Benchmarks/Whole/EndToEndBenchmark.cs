using Gateway.Benchmarks.Load;
using Gateway.Benchmarks.Running;
using Gateway.Benchmarks.Sink;

namespace Gateway.Benchmarks.Whole;

/// <summary>
/// HTTP in and SMTP out at once, each host a process. The clients wait while more than a bound is on its way, so that
/// what is counted is what goes through and not what piles up.
/// </summary>
internal static class EndToEndBenchmark
{
    private const int MostOnTheWay = 5_000;

    public static async Task RunAsync()
    {
        await OnceAsync(signs: false);
        await OnceAsync(signs: true);
    }

    private static async Task OnceAsync(bool signs)
    {
        var length = BenchTime.Of(TimeSpan.FromSeconds(15));
        await using var system = await RunningSystem.StartAsync();
        var tenant = await BenchTenant.CreateAsync(system, signs);
        await using var sink = await SinkProcess.StartAsync();
        await using var api = await system.StartApiAsync();
        await using var worker = await system.StartWorkerAsync(sink.Port);
        await ThroughAsync("warm-up (not counted)", api, tenant, sink, TimeSpan.FromSeconds(8));
        await system.ForgetStatementsAsync();
        await ThroughAsync(
            $"HTTP in and SMTP out, {(signs ? "rsa-2048" : "no DKIM")}, 4 KiB",
            api,
            tenant,
            sink,
            length
        );
        await system.ShowStatementsAsync();
        Console.WriteLine($"worker memory {worker.Memory().Now} MiB, api {api.Memory().Now} MiB");
    }

    public static async Task<double> ThroughAsync(
        string what,
        RunningHost api,
        BenchTenant tenant,
        SinkProcess sink,
        TimeSpan length
    )
    {
        var before = await sink.CountAsync();
        var through = 0L;
        HttpLoad? load = null;
        load = new HttpLoad(api.Address, tenant)
        {
            May = () => load!.Accepted - Volatile.Read(ref through) < MostOnTheWay,
        };
        var meter = new Meter();
        var clients = load.RunAsync(() => meter.Elapsed < length);
        while (!clients.IsCompleted)
        {
            Volatile.Write(ref through, await sink.CountAsync() - before);
            await Task.Delay(20);
        }

        var took = await clients;
        var rate = meter.Show(what, await sink.CountAsync() - before, took);
        await sink.UntilAsync(before + load.Accepted, TimeSpan.FromMinutes(1));
        return rate;
    }
}
