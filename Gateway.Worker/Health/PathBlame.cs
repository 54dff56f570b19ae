using Gateway.Mail;
using Gateway.Providers;
using Gateway.Routing;
using Gateway.Worker.Telemetry;

namespace Gateway.Worker.Health;

/// <summary>What follows for a path that bounces too much: it is told, written down, and left where it refuses everything.</summary>
public sealed class PathBlame(
    CircuitBoard board,
    CircuitJournal journal,
    PathFreezes freezes,
    TimeProvider clock,
    ILogger<PathBlame> log
)
{
    /// <summary>What waited for a path is given to it within so long; the first acceptances are there then.</summary>
    private static readonly TimeSpan JustBackFor = TimeSpan.FromSeconds(3);

    public void Blame(string path, Suspicion suspicion, SendResult result, RouteQuery query, bool isFirst)
    {
        if (isFirst)
        {
            WorkerLog.MassBounce(log, path, result.Reply);
            journal.Tell(path, "mass_bounce", result.Reply);
        }

        if (suspicion == Suspicion.Path)
        {
            board.Saw(
                path,
                new SendResult(
                    Outcome.PathBlocked,
                    OutcomeScope.Account,
                    result.Phase,
                    $"it refuses all that it is given, the last: {result.Reply}"
                ),
                query
            );
        }
        else if (isFirst)
        {
            freezes.Froze(path, result.Reply);
        }
    }

    /// <summary>Its circuit is open, or was between then and now.</summary>
    public bool WasLeftSince(string path, DateTimeOffset then) =>
        board.StandingOf(new CircuitKey(path, CircuitScope.Path, "")) is { } circuit
        && (circuit.IsOpen || circuit.ChangedAt >= then);

    /// <summary>Its circuit closed a moment ago.</summary>
    public bool IsJustBack(string path) =>
        board.StandingOf(new CircuitKey(path, CircuitScope.Path, "")) is { IsOpen: false } circuit
        && clock.GetUtcNow() - circuit.ChangedAt < JustBackFor;
}
