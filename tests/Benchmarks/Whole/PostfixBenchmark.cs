using System.Diagnostics;
using System.Globalization;
using Gateway.Benchmarks.Running;
using Gateway.Benchmarks.Sink;

namespace Gateway.Benchmarks.Whole;

/// <summary>
/// Postfix and the gateway in one run, in turns, into the same sink: durable in between, no DKIM, 64 connections in. Postfix is
/// given its mail by its own smtp-source; the gateway is asked over HTTP.
/// </summary>
internal static class PostfixBenchmark
{
    private const int Rounds = 2;

    public static async Task RunAsync()
    {
        if (!PostfixServer.IsThere)
        {
            Console.WriteLine("Postfix is absent, or this is not root: apt-get install postfix");
            return;
        }

        await using var sink = await SinkProcess.StartAsync();
        await using var postfix = await PostfixServer.StartAsync(sink.Port);
        await using var system = await RunningSystem.StartAsync();
        var tenant = await BenchTenant.CreateAsync(system);
        await using var api = await system.StartApiAsync();
        await using var worker = await system.StartWorkerAsync(sink.Port);
        await EndToEndBenchmark.ThroughAsync("warm-up (not counted)", api, tenant, sink, TimeSpan.FromSeconds(8));
        for (var round = 0; round < Rounds; round++)
        {
            var theirs = await PostfixAsync(postfix, sink, BenchTime.Of(4_000));
            var ours = await EndToEndBenchmark.ThroughAsync(
                "the gateway, HTTP in and SMTP out",
                api,
                tenant,
                sink,
                BenchTime.Of(TimeSpan.FromSeconds(10))
            );
            Console.WriteLine($"{ours / theirs:F1} × Postfix");
        }
    }

    private static async Task<double> PostfixAsync(PostfixServer postfix, SinkProcess sink, int messages)
    {
        var before = await sink.CountAsync();
        var machine = Machine.Look();
        var watch = Stopwatch.StartNew();
        string[] arguments =
        [
            "-s",
            "64",
            "-l",
            "4096",
            "-m",
            messages.ToString(CultureInfo.InvariantCulture),
            "-f",
            "hello@bench.example",
            "-t",
            "ann@example.net",
            $"127.0.0.1:{postfix.Port}",
        ];
        using (var source = Process.Start("/usr/sbin/smtp-source", arguments))
        {
            await source.WaitForExitAsync();
        }

        await sink.UntilAsync(before + messages, TimeSpan.FromMinutes(3));
        var rate = messages / watch.Elapsed.TotalSeconds;
        // Its processes are not below this one, so their share of the processors is not told apart.
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Postfix, SMTP in and SMTP out: {rate:N0}/s ({messages:N0} in {watch.Elapsed.TotalSeconds:F1} s); steal {machine.StealSince():F1} %"
            )
        );
        return rate;
    }
}
