using Gateway.Routing;

namespace Gateway.Worker.Paths;

/// <summary>Asks the router and takes a place on the best path that has one.</summary>
public sealed class PathPicker(EgressPaths paths, PathHealth health)
{
    /// <summary>Deliveries that all paths of the route take together.</summary>
    public int MostAboard => paths.RouteWidth * EgressPath.MostAboard;

    /// <summary>The path, boarded; or null, and whether only the crowd kept the delivery from one.</summary>
    public (EgressPath? Path, bool IsCrowded) Board(RouteQuery query)
    {
        var plan = Router.Plan(paths.Snapshot(), health.Snapshot(), query, Random.Shared.NextDouble());
        var isCrowded = false;
        foreach (var candidate in plan.Candidates)
        {
            var path = paths[candidate.Path];
            if (!path.TryBoard())
            {
                isCrowded = true;
            }
            else if (health.TryEnter(candidate.Path))
            {
                return (path, false);
            }
            else
            {
                path.Leave();
            }
        }

        return (null, isCrowded);
    }
}
