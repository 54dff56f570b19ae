using Gateway.Api.Operator.Resends;
using Gateway.Api.Resends;
using Gateway.Cohorts;

namespace Gateway.Api.Operator.Holds;

/// <summary>What is parked: by cause, path and tenant; let go, cancelled, or parked by the operator.</summary>
internal static class HoldRoutes
{
    public static void MapHolds(this IEndpointRouteBuilder app)
    {
        var holds = app.MapOperatorGroup("/holds");
        holds
            .MapGet("", HoldQueries.ListAsync)
            .Produces<HoldPage>()
            .WithSummary("What is held: counts by cause, path and tenant, and the deliveries, newest first")
            .WithDescription("Filters cause, path, tenant, since, until (when it was accepted); cursor, limit.");
        holds
            .MapPost("", HoldAsync)
            .Action<CohortBody>("Park what waits now, of a tenant, a path or a stream")
            .WithDescription(
                "What is queued or deferred at this moment becomes held (operator), and only the operator releases it. What comes "
                    + "later is not touched: suspend the stream for that. 'path' is the path that tried it last."
                    + OperatorRoutes.Acts
            );
        holds
            .MapPost("/release", ReleaseAsync)
            .Action<CohortBody>("Let what is held go on, at a rate")
            .WithDescription("'over' names the path that carries it." + OperatorRoutes.Acts);
        holds
            .MapPost("/cancel", CancelAsync)
            .Action<CohortBody>("Cancel what is held")
            .WithDescription("It ends as cancelled (by_operator), and its tenant reads that." + OperatorRoutes.Acts);
    }

    private static Task<IResult> HoldAsync(HttpContext http, OperatorLedger ledger, TimeProvider clock) =>
        CohortActions.ActAsync(http, ledger, clock, CohortAction.Hold, "hold.set", IsNarrow);

    private static Task<IResult> ReleaseAsync(HttpContext http, OperatorLedger ledger, TimeProvider clock) =>
        CohortActions.ActAsync(http, ledger, clock, CohortAction.Release, "hold.release");

    private static Task<IResult> CancelAsync(HttpContext http, OperatorLedger ledger, TimeProvider clock) =>
        CohortActions.ActAsync(http, ledger, clock, CohortAction.Cancel, "hold.cancel");

    private static bool IsNarrow(CohortFilter filter) =>
        filter.Tenant is not null
        || filter.Path is not null
        || filter.Stream is not null
        || filter.Recipients.Length > 0;
}
