using Gateway.Api.Problems;
using Gateway.Api.Reading;
using Gateway.Api.Resends;
using Gateway.Cohorts;
using Npgsql;

namespace Gateway.Api.Operator.Resends;

/// <summary>The operator's jobs over many deliveries: resends, and what was done to holds.</summary>
internal static class OperatorResends
{
    public static void MapOperatorResends(this IEndpointRouteBuilder app)
    {
        var resends = app.MapOperatorGroup("/resends");
        resends
            .MapPost("", CreateAsync)
            .Action<CohortBody>("Send again what failed, of one tenant or of all")
            .WithDescription(
                "By state, path, cause, tag, stream, recipients, since, until, tenant. 'over' names the path that carries it; "
                    + "it then waits for that path and takes no other. A held delivery is released; one that is 'sent' is sent once "
                    + "more and marked possible_duplicate. Refused above max (10,000 by default)."
                    + OperatorRoutes.Acts
            );
        resends
            .MapGet("", ListAsync)
            .Produces<CohortPage>()
            .WithSummary("List the jobs over many deliveries, newest first: resends, releases, cancellations, holds");
        var one = app.MapOperatorGroup("/resends/{id}").DescribeProblems(404);
        one.MapGet("", GetAsync)
            .Produces<CohortView>()
            .WithSummary("Show a job and what became of its deliveries so far");
        one.MapGet("/deliveries", DeliveriesAsync)
            .Produces<CohortDeliveryPage>()
            .WithSummary("List a job's deliveries, each with its outcome")
            .WithDescription("Filter outcome (waiting, resent, released, suppressed …); cursor, limit.");
        one.MapPost("/cancel", CancelAsync)
            .Action<ReasonOnly>("Stop a job; what it has done stays done")
            .WithDescription(OperatorRoutes.Acts.Trim());
    }

    private static Task<IResult> CreateAsync(HttpContext http, OperatorLedger ledger, TimeProvider clock) =>
        CohortActions.ActAsync(http, ledger, clock, CohortAction.Resend, "resend.create");

    private static async Task<IResult> ListAsync(HttpContext http, OperatorLedger ledger)
    {
        var query = new QueryFields(http.Request.Query);
        var (below, limit) = (IdCursor.Read(query), query.Limit());
        if (query.Problem() is { } problem)
        {
            return problem.ToResult();
        }

        return await ledger.ReadAsync(
            async connection =>
            {
                await using var batch = Batch(connection, CohortReader.PageCommand(null, below, limit));
                await using var reader = await batch.ExecuteReaderAsync(http.RequestAborted);
                return Results.Json(
                    await CohortReader.ReadPageAsync(reader, limit, http.RequestAborted),
                    OperatorJson.Readable.CohortPage
                );
            },
            http.RequestAborted
        );
    }

    private static Task<IResult> GetAsync(string id, HttpContext http, OperatorLedger ledger) =>
        ledger.ReadAsync(
            async connection =>
                LedgerIds.TryParse(id, out var known)
                && await CohortActions.FindAsync(connection, known, http.RequestAborted) is { } view
                    ? Results.Json(view, OperatorJson.Readable.CohortView)
                    : NoSuchJob().ToResult(),
            http.RequestAborted
        );

    private static async Task<IResult> DeliveriesAsync(string id, HttpContext http, OperatorLedger ledger)
    {
        var query = new QueryFields(http.Request.Query);
        var (below, limit, outcome) = (IdCursor.Read(query), query.Limit(), query.Text("outcome"));
        if (query.Problem() is { } problem)
        {
            return problem.ToResult();
        }

        return await ledger.ReadAsync(
            async connection =>
            {
                if (
                    !LedgerIds.TryParse(id, out var known)
                    || await CohortActions.FindAsync(connection, known, http.RequestAborted) is null
                )
                {
                    return NoSuchJob().ToResult();
                }

                await using var batch = Batch(
                    connection,
                    CohortReader.DeliveriesCommand(known, null, below, outcome, limit)
                );
                await using var reader = await batch.ExecuteReaderAsync(http.RequestAborted);
                return Results.Json(
                    await CohortReader.ReadDeliveriesAsync(reader, limit, byOperator: true, http.RequestAborted),
                    OperatorJson.Readable.CohortDeliveryPage
                );
            },
            http.RequestAborted
        );
    }

    private static async Task<IResult> CancelAsync(string id, HttpContext http, OperatorLedger ledger)
    {
        var (request, problem) = await OperatorRequest.ReadAsync(http);
        if (request?.Problem() is { } refused || request is null)
        {
            return (request is null ? problem! : request.Problem()!).ToResult();
        }

        if (!LedgerIds.TryParse(id, out var known))
        {
            return NoSuchJob().ToResult();
        }

        return await ledger.ActAsync(
            request,
            "resend.cancel",
            id,
            null,
            async connection =>
            {
                await using (var batch = Batch(connection, CohortReader.StopCommand(known, null)))
                {
                    await batch.ExecuteNonQueryAsync(http.RequestAborted);
                }

                return await CohortActions.FindAsync(connection, known, http.RequestAborted) is { } job
                    ? new ActionOutcome([new("state", null, job.State)]) { Describe = view => view with { Job = job } }
                    : ActionOutcome.Refused(NoSuchJob());
            },
            http.RequestAborted
        );
    }

    private static NpgsqlBatch Batch(NpgsqlConnection connection, NpgsqlBatchCommand command) =>
        new(connection) { BatchCommands = { command } };

    private static ApiProblem NoSuchJob() => ApiProblem.NotFound("job");
}

/// <summary>Which deliveries, for the OpenAPI document: read field by field.</summary>
/// <param name="Tenant">Absent: of all tenants.</param>
/// <param name="State">For resends: bounced, held, expired, cancelled (by the end of a hold) or sent; or several as <c>states</c>.</param>
/// <param name="Path">The path that they failed on, or that sat on them.</param>
/// <param name="Since">When the message was accepted; with the state sent, path and since are needed.</param>
/// <param name="Over">For resends and releases: the one path that carries them.</param>
/// <param name="Rate">Deliveries a second, 0.1 to 1000; 50 by default.</param>
/// <param name="Max">Refused where more match; 10,000 by default, 100,000 at most.</param>
/// <param name="LiftBounces">For resends: suppressions of the recipients by bounces do not count, and end.</param>
public sealed record CohortBody(
    Guid? Tenant,
    string? State,
    IReadOnlyList<string>? States,
    string? Path,
    string? Cause,
    string? Tag,
    string? Stream,
    IReadOnlyList<string>? Recipients,
    DateTimeOffset? Since,
    DateTimeOffset? Until,
    string? Over,
    double? Rate,
    int? Max,
    bool? LiftBounces,
    bool? DryRun,
    string Reason
);
