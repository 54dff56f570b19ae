using Gateway.Api.Problems;

namespace Gateway.Api.Operator.Drills;

internal static class DrillRoutes
{
    public static void MapDrills(this IEndpointRouteBuilder app)
    {
        var path = app.MapOperatorGroup("/paths/{path}").DescribeProblems(404);
        path.MapPost("/drill", DrillActions.StartAsync)
            .Action<DrillRequest>("Block a path for a while, to see what follows")
            .WithDescription(
                "Like switch, with minutes: it ends by itself. Answers what is queued on the path and whose mail no other path "
                    + "can carry; with ?dry_run=true that is all it does."
                    + OperatorRoutes.Acts
            );
        path.MapGet("/drills/{drill}", DrillReports.GetAsync)
            .Produces<DrillReport>()
            .WithSummary("What a drill came to: time to switch, mail moved, held, lost");
    }
}
