using System.Collections.Concurrent;
using System.Diagnostics;
using Gateway.Benchmarks.Load;
using Gateway.Benchmarks.Running;
using Gateway.Benchmarks.Sink;

namespace Gateway.Benchmarks.Whole;

/// <summary>One client that asks about 30 times a second of a system at rest: to the 202, and to the sink's 250.</summary>
internal static class LatencyBenchmark
{
    public static async Task RunAsync()
    {
        await using var system = await RunningSystem.StartAsync();
        var tenant = await BenchTenant.CreateAsync(system);
        await using var sink = await SinkProcess.StartAsync();
        await using var api = await system.StartApiAsync();
        await using var worker = await system.StartWorkerAsync(sink.Port);
        await EndToEndBenchmark.ThroughAsync("warm-up (not counted)", api, tenant, sink, TimeSpan.FromSeconds(8));
        await sink.KeepAsync();

        var length = BenchTime.Of(TimeSpan.FromSeconds(20));
        var began = new ConcurrentDictionary<long, long>();
        var load = new HttpLoad(api.Address, tenant)
        {
            Connections = 1,
            Pause = TimeSpan.FromMilliseconds(30),
            Began = began,
        };
        var before = await sink.CountAsync();
        var meter = new Meter();
        var answered = await load.RunAsync(() => meter.Elapsed < length);
        await sink.UntilAsync(before + load.Accepted, TimeSpan.FromSeconds(10));
        meter.Show("idle: to the 202", load.Accepted, answered);
        var log = await sink.LogAsync();
        var through = began
            .Where(b => log.ContainsKey(b.Key))
            .Select(b => Stopwatch.GetElapsedTime(b.Value, log[b.Key]))
            .ToArray();
        Console.WriteLine(
            $"idle: from the request to the sink's 250, {through.Length} messages{Meter.Spread(through)}"
        );
    }
}
