using System.Collections.Concurrent;
using SystemTests.Installed;
using SystemTests.Sink;

namespace SystemTests.History;

/// <summary>Breaks one thing after another, and mends it, until told to stop. Leaves everything running.</summary>
internal sealed class Nemesis(Installation installation, IReadOnlyList<FaultySink> sinks, TimeSpan lease, int seed)
{
    private const string WebhooksKilled = "webhooks killed";
    private static readonly SinkFault[] Faults =
    [
        .. Enum.GetValues<SinkFault>().Except([SinkFault.None, SinkFault.BrokenTls]),
    ];
    private readonly Random random = new(seed);
    private readonly Lock drawing = new();
    private readonly List<Task> pauses = [];
    private Task reviving = Task.CompletedTask;

    /// <summary>What was done, and how long it took.</summary>
    public ConcurrentQueue<(string Name, DateTime At, TimeSpan Took)> Done { get; } = new();

    public async Task RunAsync(TimeSpan least, TimeSpan most, CancellationToken stop)
    {
        // First in this order, so that a short run sees all that matters most; then shuffled, each once before any again.
        (string Name, Func<Task> Act)[] kinds =
        [
            ("worker paused beyond its lease", PauseAsync),
            ("worker killed", () => ReplaceAsync(installation.Workers)),
            ("database stopped at once", () => RestartAsync(Servers.ImmediateShutdown)),
            (WebhooksKilled, KillWebhooksAsync),
            ("api killed", () => ReplaceAsync(installation.Apis)),
            ("sessions terminated", installation.Servers.TerminateBackendsAsync),
            ("redis killed", () => installation.Servers.KillRedisAsync(TimeSpan.FromMilliseconds(500))),
            ("database killed", () => RestartAsync(AppHost.Embedded.Processes.Signal.Kill)),
            ("worker killed", () => ReplaceAsync(installation.Workers)),
            (WebhooksKilled, KillWebhooksAsync),
            ("database restarted fast", () => RestartAsync(Servers.FastShutdown)),
        ];
        if (installation.Webhooks.Count == 0)
        {
            kinds = [.. kinds.Where(k => k.Name != WebhooksKilled)];
        }

        while (!stop.IsCancellationRequested)
        {
            foreach (var (name, act) in kinds)
            {
                await Task.Delay(Between(least, most), stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (stop.IsCancellationRequested)
                {
                    break;
                }

                await StrikeAsync(name, act);
            }

            random.Shuffle(kinds);
        }

        await Task.WhenAll(pauses);
        await reviving;
    }

    /// <summary>kill -9 of Apis, Workers and the database, each kind at its own random moments.</summary>
    public Task RunKillsAsync(TimeSpan least, TimeSpan most, CancellationToken stop)
    {
        async Task LoopAsync(string name, Func<Task> act)
        {
            while (!stop.IsCancellationRequested)
            {
                await Task.Delay(Between(least, most), stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await StrikeAsync(name, act);
            }
        }

        return Task.WhenAll(
            LoopAsync("api killed", () => ReplaceAsync(installation.Apis)),
            LoopAsync("worker killed", () => ReplaceAsync(installation.Workers)),
            LoopAsync("database killed", () => RestartAsync(AppHost.Embedded.Processes.Signal.Kill))
        );
    }

    private async Task StrikeAsync(string name, Func<Task> act)
    {
        var at = DateTime.UtcNow;
        await act();
        Done.Enqueue((name, at, DateTime.UtcNow - at));
    }

    /// <summary>One sink after the other has a bad time, of every kind in turn; then a good one.</summary>
    public async Task RunSinkFaultsAsync(CancellationToken stop)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            if (i % Faults.Length == 0)
            {
                random.Shuffle(Faults);
            }

            var sink = sinks[i % sinks.Count];
            sink.Fault = Faults[i % Faults.Length];
            await Task.Delay(Between(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2.5)), CancellationToken.None);
            sink.Fault = SinkFault.None;
            await Task.Delay(Between(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(2)), stop)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ReplaceAsync(IReadOnlyList<HostSlot> replicas)
    {
        var slot = Draw(replicas);
        await slot.KillAsync();
        await slot.StartAsync();
    }

    /// <summary>The next blow does not wait until it is back.</summary>
    private async Task KillWebhooksAsync()
    {
        await reviving;
        var slot = Draw(installation.Webhooks);
        await slot.KillAsync();
        reviving = slot.StartAsync();
    }

    /// <summary>Goes on while other things break: only so does its lease run out in the middle of something.</summary>
    private Task PauseAsync()
    {
        // One worker is always awake.
        if (installation.Workers.Count(w => !w.IsPaused) > 1)
        {
            pauses.Add(Draw(installation.Workers).PauseAsync(lease * 1.5));
        }

        return Task.CompletedTask;
    }

    private HostSlot Draw(IReadOnlyList<HostSlot> replicas)
    {
        HostSlot[] awake = [.. replicas.Where(r => !r.IsPaused)];
        lock (drawing)
        {
            return awake[random.Next(awake.Length)];
        }
    }

    private async Task RestartAsync(AppHost.Embedded.Processes.Signal signal)
    {
        await installation.Servers.StopPostgresAsync(signal);
        await installation.Servers.StartPostgresAsync();
    }

    private TimeSpan Between(TimeSpan least, TimeSpan most)
    {
        lock (drawing)
        {
            return least + ((most - least) * random.NextDouble());
        }
    }
}
