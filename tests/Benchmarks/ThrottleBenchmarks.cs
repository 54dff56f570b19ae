using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Gateway.Throttling;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;

namespace Gateway.Benchmarks;

/// <summary>
/// Decisions a second on one private Redis (redis-server must be installed): by the size of a call, since acceptance asks
/// once for each tenant of a batch, and by the limits of a message. Four clients, as four replicas.
/// </summary>
internal static class ThrottleBenchmarks
{
    private const int Replicas = 4;
    private const int CallsInFlight = 16;
    private static readonly TimeSpan Each = TimeSpan.FromSeconds(3);

    public static async Task RunAsync()
    {
        var port = FreePort();
        using var server = Process.Start(
            new ProcessStartInfo(
                "redis-server",
                ["--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
            )
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                WorkingDirectory = Path.GetTempPath(),
            }
        )!;
        _ = server.StandardOutput.ReadToEndAsync();
        try
        {
            var replicas = Enumerable.Range(0, Replicas).Select(_ => Connect(port)).ToArray();
            while (replicas.Any(r => !r.IsShared))
            {
                await Task.Delay(20);
            }

            Console.WriteLine($"{"", -44} {"decisions/s", 12} {"Redis µs", 12}");
            foreach (var (limits, requests) in new[] { (1, 1), (1, 8), (1, 64), (6, 1), (6, 8), (6, 64), (24, 64) })
            {
                await MeasureAsync(server, replicas, limits, requests, cap: ThrottleLimit.MostCap);
            }

            await MeasureAsync(server, replicas, limits: 1, requests: 1, cap: 1_000);
            foreach (var replica in replicas)
            {
                await replica.DisposeAsync();
            }
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync();
        }
    }

    private static async Task MeasureAsync(Process server, Throttle[] replicas, int limits, int requests, long cap)
    {
        var request = new ThrottleRequest([.. Enumerable.Range(0, limits).Select(i => new Charge(i, 1))]);
        var call = Enumerable.Repeat(request, requests).ToArray();
        var watch = Stopwatch.StartNew();
        var decisions = 0L;
        var used = server.TotalProcessorTime;
        await Task.WhenAll(
            Enumerable
                .Range(0, Replicas * CallsInFlight)
                .Select(caller =>
                    Task.Run(async () =>
                    {
                        var tenant = Guid.NewGuid().ToString("N");
                        ThrottleLimit[] keys =
                        [
                            .. Enumerable
                                .Range(0, limits)
                                .Select(i => new ThrottleLimit(
                                    $"gw:limit:{{{tenant}}}:{i}",
                                    cap,
                                    TimeSpan.FromMinutes(1),
                                    ThrottleKind.Refuse
                                )),
                        ];
                        while (watch.Elapsed < Each)
                        {
                            var outcome = await replicas[caller % Replicas].ChargeAsync(keys, call);
                            Interlocked.Add(ref decisions, outcome.Local ? 0 : requests);
                        }
                    })
                )
        );
        var name = $"{limits} limits, {requests} messages a call{(cap < ThrottleLimit.MostCap ? ", refused" : "")}";
        server.Refresh();
        var cost = (server.TotalProcessorTime - used).TotalMicroseconds / decisions;
        Console.WriteLine($"{name, -44} {decisions / watch.Elapsed.TotalSeconds, 12:N0} {cost, 12:N1}");
    }

    private static Throttle Connect(int port) =>
        new(
            () => ConnectionMultiplexer.Connect($"127.0.0.1:{port},abortConnect=false"),
            new ThrottleOptions { Replicas = Replicas, RedisTimeout = TimeSpan.FromSeconds(10) },
            TimeProvider.System,
            NullLogger<Throttle>.Instance
        );

    private static int FreePort()
    {
        using var any = new TcpListener(IPAddress.Loopback, 0);
        any.Start();
        return ((IPEndPoint)any.LocalEndpoint).Port;
    }
}
