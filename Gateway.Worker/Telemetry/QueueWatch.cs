using System.Diagnostics.Metrics;
using Gateway.Routing;
using Gateway.Worker.Health;
using Gateway.Worker.Paths;
using Npgsql;

namespace Gateway.Worker.Telemetry;

/// <summary>
/// Feeds the gauges of queue and paths. It counts at most every 15 s and only while somebody collects; a count that
/// takes long is made less often, so that it never takes more than a tenth of a connection's time.
/// </summary>
public sealed class QueueWatch(
    QueueCount count,
    EgressPaths paths,
    CircuitBoard board,
    TimeProvider clock,
    ILogger<QueueWatch> log
) : BackgroundService
{
    private static readonly TimeSpan Each = TimeSpan.FromSeconds(15);
    private const int PauseByCost = 10;

    private QueueFigures figures = QueueFigures.None;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        GatewayTelemetry.PathResting.From(ShowResting);
        GatewayTelemetry.CircuitsOpen.From(ShowCircuits);
        GatewayTelemetry.PathWeight.From(ShowWeights);
        GatewayTelemetry.QueueDepth.From(() => figures.ShowDepths());
        GatewayTelemetry.QueueOldest.From(() => figures.ShowOldest());
        GatewayTelemetry.PathOldestUnresolved.From(() => figures.ShowUnresolved());
        GatewayTelemetry.TenantHeld.From(() => figures.ShowHeld());
        GatewayTelemetry.TenantOldest.From(() => figures.ShowTenantsOldest());
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var began = clock.GetTimestamp();
            if (GatewayTelemetry.QueueDepth.IsCollected)
            {
                await CountAsync(stoppingToken);
            }

            var pause = clock.GetElapsedTime(began) * PauseByCost;
            await Task.Delay(pause > Each ? pause : Each, clock, stoppingToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task CountAsync(CancellationToken cancel)
    {
        try
        {
            figures = (await count.ReadAsync(cancel)).After(figures);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The host stops.
        }
        catch (Exception problem) when (problem is NpgsqlException or IOException or TimeoutException)
        {
            // No figures are better than old ones that look new.
            figures = QueueFigures.None;
            WorkerLog.NotCounted(log, problem.Message);
        }
    }

    private IEnumerable<Measurement<int>> ShowResting()
    {
        var open = board.Snapshot().Open;
        return paths.All.Select(path => new Measurement<int>(
            open.ContainsKey(new CircuitKey(path.Name, CircuitScope.Path, "")) ? 1 : 0,
            new KeyValuePair<string, object?>("path", path.Name)
        ));
    }

    private IEnumerable<Measurement<int>> ShowCircuits() =>
        board
            .Snapshot()
            .Open.Keys.GroupBy(k => (k.Path, k.Scope))
            .Select(g => new Measurement<int>(
                g.Count(),
                new("path", g.Key.Path),
                new KeyValuePair<string, object?>("scope", CircuitJournal.NameOf(g.Key.Scope))
            ));

    private IEnumerable<Measurement<double>> ShowWeights() =>
        paths
            .Routing.Rules[^1]
            .Tiers.SelectMany((tier, index) => tier.Paths.Select(p => (p.Path, p.Weight, Tier: index)))
            .Select(r => new Measurement<double>(
                r.Weight,
                new("path", r.Path),
                new KeyValuePair<string, object?>("tier", r.Tier)
            ));
}
