using Gateway.Database;
using Gateway.Providers;
using Gateway.Providers.Events;
using Gateway.Routing;
using Gateway.Worker.Health;
using Gateway.Worker.Telemetry;
using Npgsql;

namespace Gateway.Worker.Paths;

/// <summary>
/// Keeps <see cref="EgressPaths"/> as the ledger says: told by a notification, and asked for each second in case the
/// notification was lost. While the ledger is away everything stays as it was.
/// </summary>
public sealed class PathRegister(
    ConfiguredPaths configured,
    StoredPaths stored,
    PathFactory factory,
    EgressPaths paths,
    PathWaiters waiters,
    CircuitBoard board,
    PathFreezes freezes,
    TimeProvider clock,
    ILogger<PathRegister> log
) : BackgroundService
{
    private static readonly TimeSpan Each = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim told = new(0, 1);
    private readonly Dictionary<string, (DateTime Stamp, EgressPath Path)> made = [];
    private readonly Dictionary<string, PathCapabilities> noted = [];
    private StoredRouting? last;

    /// <summary>Before the first delivery: the configuration is enough to begin with, the ledger has the last word.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        Apply(new StoredRouting(0, [], []));
        // It was there a moment ago. Should it die in between, this host waits for it as before.
        while (!await TryBeginAsync(cancellationToken))
        {
            await Task.Delay(Each, clock, cancellationToken);
        }

        await base.StartAsync(cancellationToken);
    }

    private async Task<bool> TryBeginAsync(CancellationToken cancel)
    {
        try
        {
            await stored.AnnounceAsync(
                configured.Paths.Select(p => (p.Key, p.Value.Kind)),
                configured.DefaultRule,
                cancel
            );
            await ReloadAsync(cancel);
            return true;
        }
        catch (Exception problem) when (LedgerAway.Is(problem))
        {
            WorkerLog.PathsNotRead(log, problem.Message);
            return false;
        }
    }

    /// <summary>Something about paths or routes changed.</summary>
    public void Tell()
    {
        try
        {
            told.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is about to look anyway.
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await told.WaitAsync(Each, stoppingToken);
                if (await stored.ReadVersionAsync(stoppingToken) != last?.Version || HasAnEnding())
                {
                    await ReloadAsync(stoppingToken);
                }

                await NoteCapabilitiesAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception problem) when (problem is NpgsqlException or IOException or TimeoutException)
            {
                WorkerLog.PathsNotRead(log, problem.Message);
            }
        }
    }

    private async Task ReloadAsync(CancellationToken cancel)
    {
        var (before, now) = (last, await stored.ReadAsync(cancel));
        Apply(now);
        last = now;
        foreach (var resumed in now.Paths.Where(p => p.Mode == PathMode.Active && p.ModeStamp is not null))
        {
            if (before?.Paths.FirstOrDefault(p => p.Name == resumed.Name)?.ModeStamp != resumed.ModeStamp)
            {
                board.AskSoon(resumed.Name);
                await freezes.ForgetAsync(resumed.Name, cancel);
            }
        }

        // Whatever waited for a path may have one now.
        waiters.Wake();
    }

    private async Task NoteCapabilitiesAsync(CancellationToken cancel)
    {
        foreach (var path in paths.All)
        {
            if (!ReferenceEquals(noted.GetValueOrDefault(path.Name), path.Provider.Capabilities))
            {
                var seen = path.Provider.Capabilities;
                await stored.NoteAsync(path.Name, seen, cancel);
                noted[path.Name] = seen;
            }
        }
    }

    /// <summary>A mode that ends by itself does so without a change in the ledger.</summary>
    private bool HasAnEnding() =>
        last!.Paths.Any(p => p.Until is { } until && until <= clock.GetUtcNow() && ModeOf(p) != StateOf(p.Name)?.Mode);

    private PathState? StateOf(string path) => paths.Routing.Paths.GetValueOrDefault(path);

    private void Apply(StoredRouting routing)
    {
        var all = configured.Paths.ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal);
        foreach (var path in routing.Paths.Where(p => p.Settings is not null && !all.ContainsKey(p.Name)))
        {
            if (Make(path) is { } ready)
            {
                all[path.Name] = ready;
            }
        }

        var states = all.Values.Select(p =>
            routing.Paths.FirstOrDefault(s => s.Name == p.Name) is { } s
                ? new PathState(p.Name, p.Provider.Capabilities)
                {
                    Tenant = p.Tenant,
                    Mode = ModeOf(s),
                    Instead = s.Instead,
                    ProbationShare = s.Probation == ProbationStep.Share ? s.Share : null,
                    IsUnproven = s.Probation is not null,
                    IsAwaitingCanary = s.Probation == ProbationStep.Canary,
                    NeverCarries =
                        p.Provider is EventsOnlyAccount ? EventsOnlyAccount.Reason
                        : s.Probation == ProbationStep.Ejected ? $"it was ejected from probation: {s.ProbationReason}"
                        : null,
                }
                : new PathState(p.Name, p.Provider.Capabilities)
                {
                    Tenant = p.Tenant,
                    NeverCarries = p.Provider is EventsOnlyAccount ? EventsOnlyAccount.Reason : null,
                }
        );
        paths.Replace(all.Values, [.. states], [.. routing.Rules, configured.DefaultRule]);
    }

    private PathMode ModeOf(StoredPath path) => path.Until <= clock.GetUtcNow() ? PathMode.Active : path.Mode;

    /// <summary>The path as it is now described: the same object for as long as the description does not change.</summary>
    private EgressPath? Make(StoredPath path)
    {
        if (made.TryGetValue(path.Name, out var known) && known.Stamp == path.Stamp)
        {
            return known.Path;
        }

        var problems = new List<string>();
        if (factory.Create(path.Name, path.Settings!, problems, path.Tenant) is not { } ready)
        {
            // The door checks before it stores, so this is a release that knows less than the one that stored it.
            WorkerLog.PathNotUsable(log, path.Name, string.Join("; ", problems));
            return null;
        }

        made[path.Name] = (path.Stamp, ready);
        return ready;
    }
}

/// <summary>Hears that paths, modes or routes changed.</summary>
public sealed class PathListener(
    [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger,
    PathRegister register,
    TimeProvider clock,
    ILogger<PathListener> log
) : LedgerListener(ledger, "gw_paths", clock, log)
{
    protected override void Heard() => register.Tell();

    protected override void Connected() => register.Tell();

    protected override void Lost()
    {
        // The register asks each second anyway.
    }
}
