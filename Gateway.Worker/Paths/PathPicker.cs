using Gateway.Routing;
using Gateway.Worker.Health;

namespace Gateway.Worker.Paths;

/// <summary>What came of asking for a path.</summary>
public enum BoardingVerdict
{
    Aboard,

    /// <summary>Every path that could carry it is full.</summary>
    Crowded,

    /// <summary>Its path asked for a pause, and elsewhere it does not go for that.</summary>
    Paused,

    /// <summary>No path can carry it now.</summary>
    NoPath,
}

/// <param name="Until">The end of the pause.</param>
public readonly record struct Boarding(
    BoardingVerdict Verdict,
    EgressPath? Path = null,
    DateTimeOffset Until = default
);

/// <summary>Asks the router and takes a place on the best path that has one.</summary>
public sealed class PathPicker(EgressPaths paths, CircuitBoard board)
{
    /// <summary>A transactional message waits no longer for a path that asked for a pause; it goes over another (D10).</summary>
    private static readonly TimeSpan TransactionalPatience = TimeSpan.FromSeconds(30);

    /// <summary>Deliveries that all paths of the rules take together.</summary>
    public int MostAboard => paths.RouteWidth * EgressPath.MostAboard;

    /// <summary>Some path takes messages apart, or sends to those in To only.</summary>
    public bool IsAnyPicky => paths.IsAnyPicky;

    public Boarding Board(RouteQuery query)
    {
        var plan = Router.Plan(paths.Routing, board.Snapshot(), query, Random.Shared.NextDouble());
        var verdict = BoardingVerdict.NoPath;
        foreach (var candidate in plan.Candidates)
        {
            // Taken out of service between the snapshot and now.
            if (paths.Find(candidate.Path) is not { } path)
            {
                continue;
            }

            var pause = path.PausedUntil - query.Now;
            if (pause > TimeSpan.Zero)
            {
                if (query.Stream == "transactional" && pause > TransactionalPatience)
                {
                    continue;
                }

                return new Boarding(BoardingVerdict.Paused, Until: path.PausedUntil);
            }

            if (!path.TryBoard())
            {
                verdict = BoardingVerdict.Crowded;
            }
            else if (board.TryEnter(candidate.Path, query))
            {
                return new Boarding(BoardingVerdict.Aboard, path);
            }
            else
            {
                path.Leave();
            }
        }

        return new Boarding(verdict);
    }

    /// <summary>Whether any path but this one could carry it now.</summary>
    public bool HasOther(RouteQuery query, string path)
    {
        var other = query with { Avoid = query.Avoid.Add(path), FailedPath = null };
        return Router.Plan(paths.Routing, board.Snapshot(), other, draw: 0.5).Candidates.Count > 0;
    }

    /// <summary>False where the path was switched off or its circuit opened while the delivery stood in line for it.</summary>
    public bool StillCarries(EgressPath path) =>
        paths.Routing.Paths.TryGetValue(path.Name, out var state)
        && state.Mode != PathMode.Off
        // Narrower circuits were asked when it boarded, and it may itself be the one that asks.
        && !board.Snapshot().Open.ContainsKey(new CircuitKey(path.Name, CircuitScope.Path, ""));
}
