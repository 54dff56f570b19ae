using System.Diagnostics;
using System.Globalization;

namespace Gateway.Benchmarks.Sink;

/// <summary>
/// The sink as a process of its own, asked over its standard input: <c>count</c>; <c>keep</c>, from then on it keeps the
/// time of each message; <c>log</c>, all that it kept. It ends with its input.
/// </summary>
internal sealed class SinkProcess : IAsyncDisposable
{
    public const string Name = "sink-process";
    private readonly Process process;
    private readonly SemaphoreSlim turn = new(1, 1);

    private SinkProcess(Process process, int port) => (this.process, Port) = (process, port);

    public int Port { get; }

    public static async Task<SinkProcess> StartAsync()
    {
        var start = new ProcessStartInfo("dotnet", [typeof(SinkProcess).Assembly.Location, Name])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        var started = Process.Start(start)!;
        var port = int.Parse((await started.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture);
        return new SinkProcess(started, port);
    }

    public async Task<long> CountAsync() => long.Parse((await AskAsync("count"))[0], CultureInfo.InvariantCulture);

    public Task KeepAsync() => AskAsync("keep");

    /// <summary>When each message was answered (<see cref="Stopwatch"/>'s clock, which all processes share), by its number.</summary>
    public async Task<IReadOnlyDictionary<long, long>> LogAsync()
    {
        var log = new Dictionary<long, long>();
        foreach (var entry in (await AskAsync("log"))[0].Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var (number, at) = entry.Split(':') is [var n, var a] ? (n, a) : throw new FormatException(entry);
            log.TryAdd(long.Parse(number, CultureInfo.InvariantCulture), long.Parse(at, CultureInfo.InvariantCulture));
        }

        return log;
    }

    /// <summary>Waits until so many messages were taken; the time at which that was seen.</summary>
    public async Task<long> UntilAsync(long count, TimeSpan within)
    {
        var watch = Stopwatch.StartNew();
        while (await CountAsync() < count)
        {
            if (watch.Elapsed > within)
            {
                throw new TimeoutException($"{await CountAsync()} of {count} messages came within {within}");
            }

            await Task.Delay(20);
        }

        return Stopwatch.GetTimestamp();
    }

    /// <summary>What the process itself does.</summary>
    public static async Task<int> RunAsync()
    {
        var sink = new SmtpSink();
        _ = sink.RunAsync();
        Console.WriteLine(sink.Port);
        while (await Console.In.ReadLineAsync() is { } question)
        {
            switch (question)
            {
                case "keep":
                    sink.Keeps = true;
                    Console.WriteLine("yes");
                    break;
                case "log":
                    Console.WriteLine(string.Join(' ', sink.Log.Select(l => $"{l.Number}:{l.At}")));
                    break;
                default:
                    Console.WriteLine(sink.Taken);
                    break;
            }
        }

        return 0;
    }

    public async ValueTask DisposeAsync()
    {
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        process.Dispose();
        turn.Dispose();
    }

    private async Task<string[]> AskAsync(string question)
    {
        await turn.WaitAsync();
        try
        {
            await process.StandardInput.WriteLineAsync(question);
            await process.StandardInput.FlushAsync();
            return [(await process.StandardOutput.ReadLineAsync())!];
        }
        finally
        {
            turn.Release();
        }
    }
}
