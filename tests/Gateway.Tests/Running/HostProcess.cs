using System.Collections.Concurrent;
using System.Net;
using AppHost.Embedded.Processes;

namespace Gateway.Tests.Running;

/// <summary>One host as a process.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private static readonly HttpClient Health = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly ChildProcess process;
    private readonly ConcurrentQueue<string> lines;

    private HostProcess(string name, Uri address, ChildProcess process, ConcurrentQueue<string> lines) =>
        (Name, Address, this.process, this.lines) = (name, address, process, lines);

    public string Name { get; }

    /// <summary>Where it listens; with port 0 given, known once it is healthy.</summary>
    public Uri Address { get; private set; }

    public int Pid => process.Pid;

    public bool HasEnded => process.Exited.IsCompleted;

    public string Output => string.Join('\n', lines);

    public static async Task<HostProcess> StartAsync(
        string name,
        string assembly,
        Uri address,
        IReadOnlyDictionary<string, string?> environment,
        RunFolder run
    )
    {
        var output = new ConcurrentQueue<string>();
        var command = new ChildCommand(name, "dotnet", [assembly])
        {
            WorkingFolder = Path.GetDirectoryName(assembly)!,
            Environment = environment,
            Output = output.Enqueue,
        };
        return new HostProcess(name, address, await ChildProcess.StartAsync(command, run), output);
    }

    public async Task UntilHealthyAsync(TimeSpan within)
    {
        using var deadline = new CancellationTokenSource(within);
        while (true)
        {
            if (HasEnded)
            {
                throw new InvalidOperationException($"{Name} ended before it was healthy:\n{Output}");
            }

            if (Address.Port == 0 && Listening(Output) is { } chosen)
            {
                Address = chosen;
            }

            try
            {
                using var answer = await Health.GetAsync(new Uri(Address, "/health"), deadline.Token);
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    return;
                }
            }
            catch (Exception problem) when (problem is HttpRequestException || IsSlow(problem, deadline))
            {
                // Not listening yet, or busy with its start.
            }
            catch (OperationCanceledException problem)
            {
                throw new TimeoutException($"{Name} was not healthy within {within}:\n{Output}", problem);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), CancellationToken.None);
        }
    }

    private static bool IsSlow(Exception problem, CancellationTokenSource deadline) =>
        problem is OperationCanceledException && !deadline.IsCancellationRequested;

    /// <summary>The port that the system gave it: one chosen beforehand may be another host's by now.</summary>
    private static Uri? Listening(string output)
    {
        const string told = "Now listening on: ";
        var at = output.IndexOf(told, StringComparison.Ordinal);
        if (at < 0)
        {
            return null;
        }

        var address = output.AsSpan(at + told.Length);
        var end = address.IndexOfAnyExcept("htp:/.0123456789");
        return new Uri((end < 0 ? address : address[..end]).ToString());
    }

    /// <summary>kill -9, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        Libc.Signal(process.Pid, Signal.Kill);
        await process.Exited;
    }

    /// <summary>SIGTERM, as an orchestrator stops a host.</summary>
    public Task TerminateAsync() => process.StopAsync((Signal.Terminate, TimeSpan.FromSeconds(40)));

    public ValueTask DisposeAsync() => process.DisposeAsync();
}
