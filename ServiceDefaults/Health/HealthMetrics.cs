using System.Diagnostics.Metrics;

namespace ServiceDefaults.Health;

/// <summary>The same facts as <c>/health</c>, for whoever keeps time series.</summary>
internal sealed class HealthMetrics
{
    public HealthMetrics(IMeterFactory meters, HostReadiness readiness, DependencyBoard board)
    {
        var meter = meters.Create("Gateway");
        meter.CreateObservableGauge(
            "gateway.host.takes_work",
            () => readiness.TakesWork ? 1 : 0,
            description: "1 while the host takes work; 0 while it starts, drains or is overloaded"
        );
        meter.CreateObservableGauge(
            "gateway.dependency.up",
            () => Known(board),
            description: "1 if the dependency was there at the last look, else 0"
        );
    }

    private static IEnumerable<Measurement<int>> Known(DependencyBoard board) =>
        from state in board.States
        where state.Value.Up is not null
        select new Measurement<int>(
            state.Value.Up == true ? 1 : 0,
            new KeyValuePair<string, object?>("dependency", state.Key)
        );
}
