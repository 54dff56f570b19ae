using Gateway.Benchmarks.Queue;
using Gateway.Benchmarks.Running;
using Gateway.Benchmarks.Sink;

namespace Gateway.Benchmarks.Whole;

/// <summary>What a Worker holds in memory while a million deliveries of 1,000 tenants wait and it sends as fast as it can.</summary>
internal static class MemoryBenchmark
{
    public static async Task RunAsync()
    {
        await using var system = await RunningSystem.StartAsync();
        await using var sink = await SinkProcess.StartAsync();
        var tenants = await QueueFill.TenantsAsync(system.ExecuteAsync, 1_000);
        await QueueFill.DueAsync(system.ExecuteAsync, tenants, BenchTime.Of(1_000_000), "broadcast");
        await system.SettleAsync();
        await using var worker = await system.StartWorkerAsync(sink.Port);
        var (before, length) = (await sink.CountAsync(), BenchTime.Of(TimeSpan.FromSeconds(25)));
        await Task.Delay(TimeSpan.FromSeconds(5));
        var meter = new Meter();
        before = await sink.CountAsync();
        await Task.Delay(length);
        meter.Show("sent by one Worker of 1,000 tenants' million", await sink.CountAsync() - before);
        var (now, peak) = worker.Memory();
        Console.WriteLine($"worker memory {now} MiB, at most {peak} MiB");
    }
}
