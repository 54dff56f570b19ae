using AppHost.Embedded.Processes;
using Gateway.Tests.Running;

namespace SystemTests.Installed;

/// <summary>One replica: a host's place, its port and whatever process stands there now.</summary>
internal sealed class HostSlot(string host, Uri address, Func<Task<HostProcess>> start)
{
    // By their Linux numbers.
    private const Signal Stop = (Signal)19;
    private const Signal Continue = (Signal)18;
    private static readonly TimeSpan StartsWithin = TimeSpan.FromMinutes(3);
    private readonly List<HostProcess> past = [];
    private HostProcess? process;

    public string Host { get; } = host;

    public Uri Address { get; } = address;

    /// <summary>Of the process that stands here now.</summary>
    public int Pid => process!.Pid;

    public bool IsPaused { get; private set; }

    /// <summary>All output of all processes that stood here.</summary>
    public string Output => string.Join('\n', past.Select(p => p.Output));

    public async Task StartAsync()
    {
        process = await start();
        past.Add(process);
        await process.UntilHealthyAsync(StartsWithin);
    }

    /// <summary>kill -9; nothing stands there until it is started again.</summary>
    public Task KillAsync() => process!.KillAsync();

    /// <summary>SIGTERM, and waits for the orderly end.</summary>
    public Task TerminateAsync() => process!.TerminateAsync();

    /// <summary>SIGSTOP for so long, then SIGCONT: a machine that slept, or a very long pause of the collector.</summary>
    public async Task PauseAsync(TimeSpan length)
    {
        var paused = process!;
        IsPaused = true;
        Libc.Signal(paused.Pid, Stop);
        await Task.Delay(length);
        Libc.Signal(paused.Pid, Continue);
        IsPaused = false;
    }

    public async Task DisposeAsync()
    {
        foreach (var ended in past)
        {
            await ended.DisposeAsync();
        }
    }
}
