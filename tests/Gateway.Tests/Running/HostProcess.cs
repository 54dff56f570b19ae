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

    public Uri Address { get; }

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

            try
            {
                using var answer = await Health.GetAsync(new Uri(Address, "/health"), deadline.Token);
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }
            catch (OperationCanceledException problem)
            {
                throw new TimeoutException($"{Name} was not healthy within {within}:\n{Output}", problem);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), CancellationToken.None);
        }
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
