using Gateway.Api.Problems;

namespace Gateway.Api.Operator.Paths;

/// <summary>The operator's doors to egress: paths, their modes and events, and the rules that choose among them.</summary>
internal static class PathRoutes
{
    public static IServiceCollection AddPaths(this IServiceCollection services) =>
        services.AddSingleton<PathLedger>().AddSingleton<PathCheck>().AddSingleton<PathDescriptions>();

    public static void MapPaths(this IEndpointRouteBuilder app)
    {
        var paths = app.MapOperatorGroup("/paths");
        paths
            .MapGet("", PathQueries.ListAsync)
            .Produces<PathPage>()
            .WithSummary("List the paths: mode, open circuits, what each can carry");
        paths
            .MapGet("/events", PathQueries.EventsAsync)
            .Produces<PathEventPage>()
            .WithSummary("Every switch and every failover, newest first")
            .WithDescription("Filters path, type, since, until; cursor, limit.");
        paths
            .MapPost("", (HttpContext http, PathDescriptions descriptions) => descriptions.CreateAsync(http))
            .Action<PathRequest>("Describe a new path")
            .WithDescription(
                "It is on probation: a canary first, then 1, 5, 25 and 100 % of its traffic; a failure of the path ejects it, "
                    + "and what it refuses meanwhile is tried elsewhere."
                    + OperatorRoutes.Acts
            );
        var path = app.MapOperatorGroup("/paths/{path}").DescribeProblems(404);
        path.MapGet("", PathQueries.GetAsync).Produces<PathView>().WithSummary("Show a path");
        path.MapPut(
                "",
                (string path, HttpContext http, PathDescriptions descriptions) => descriptions.ReplaceAsync(path, http)
            )
            .Action<PathRequest>("Replace a path's description")
            .WithDescription("Probation begins anew; credentials that are left out stay." + OperatorRoutes.Acts);
        path.MapPost("/switch", PathModes.SwitchAsync)
            .Action<SwitchRequest>("Switch a path off")
            .WithDescription(
                "Every worker leaves it within a second, and what is queued goes over 'instead' or the other paths of its "
                    + "route. With 'minutes' it comes back by itself."
                    + OperatorRoutes.Acts
            );
        path.MapPost("/drain", PathModes.DrainAsync)
            .Action<SwitchRequest>("Begin nothing new on a path; what is on its way ends")
            .WithDescription("With 'minutes' it comes back by itself." + OperatorRoutes.Acts);
        path.MapPost("/resume", PathModes.ResumeAsync)
            .Action<ReasonOnly>("Let a path carry mail again")
            .WithDescription(
                "Where its circuit is open, the canary asks at once instead of after its rest." + OperatorRoutes.Acts
            );

        var routes = app.MapOperatorGroup("/routes");
        routes
            .MapGet("", RouteActions.ListAsync)
            .Produces<RoutePage>()
            .WithSummary("List the rules in the order in which they are asked");
        routes
            .MapGet("/explain", RouteExplanation.ExplainAsync)
            .Produces<ExplainView>()
            .WithSummary("Where would a message go, and why not over each other path?")
            .WithDescription(
                "from and to are addresses; tenant, stream, tag, size, mode, needs=raw narrow the question. draw (0 to 999) stands for "
                    + "chance: below 10 is standing traffic of the standby paths."
            );
        routes
            .MapPost("", RouteActions.CreateAsync)
            .Action<RouteRequest>("Add a rule")
            .WithDescription(
                "The first rule that matches decides; a tenant's own are asked first." + OperatorRoutes.Acts
            );
        var route = app.MapOperatorGroup("/routes/{route}").DescribeProblems(404);
        route
            .MapPut("", RouteActions.ReplaceAsync)
            .Action<RouteRequest>("Replace a rule")
            .WithDescription("A part that is left out matches everything again." + OperatorRoutes.Acts);
        route
            .MapDelete("", RouteActions.DeleteAsync)
            .Action<ReasonOnly>("Delete a rule")
            .WithDescription("The reason may stand in the header Operator-Reason." + OperatorRoutes.Acts);
    }
}
