using Gateway.Api.Auth;
using Gateway.Api.Manage;
using Gateway.Api.Problems;
using Gateway.Api.Reading;
using Gateway.Tenants;

namespace Gateway.Api.Suppressions;

/// <summary>Whom a tenant does not write to.</summary>
internal static class SuppressionEndpoints
{
    private const string Precedence =
        "One row for each stream. A reason only gives way to a stronger one: complaint, unsubscribe, manual, hard_bounce, "
        + "soft_bounce. Bounces end by themselves and when mail arrives after all; the others stay until they are deleted.";

    public static void MapSuppressions(this IEndpointRouteBuilder routes)
    {
        var read = routes.MapGroup("/v1/suppressions").WithTags("Suppressions").RequireKey(Scope.Read);
        read.MapGet("", ListAsync)
            .Produces<SuppressionPage>()
            .WithName("ListSuppressions")
            .WithSummary("List suppressed addresses, newest first")
            .WithDescription("Filters: address, reason, stream, since. " + Precedence);
        read.MapGet("/export", Export)
            .Produces<string>(StatusCodes.Status200OK, SuppressionUpload.Csv)
            .WithName("ExportSuppressions")
            .WithSummary("All of them as CSV, with the same filters")
            .WithDescription("The file can be imported again as it is.");
        read.MapGet("/{id}", GetAsync)
            .Produces<SuppressionView>()
            .WithName("GetSuppression")
            .WithSummary("Show a suppression");

        var manage = routes.MapGroup("/v1/suppressions").WithTags("Suppressions").RequireKey(Scope.Manage);
        manage
            .MapPost("", AddAsync)
            .Accepts<SuppressionRequest>("application/json")
            .Produces<SuppressionPage>(StatusCodes.Status201Created)
            .Produces<SuppressionPage>()
            .DescribeProblems(400, 413, 415)
            .WithName("AddSuppression")
            .WithSummary("Stop writing to an address")
            .WithDescription(
                "201 with its rows, one a stream; 200 where it was suppressed so already. It holds for mail that is queued too. "
                    + Precedence
            );
        manage
            .MapPost("/import", ImportAsync)
            .Accepts<SuppressionImport>("application/json", SuppressionUpload.Csv)
            .Produces<ImportedSuppressions>()
            .DescribeProblems(400, 413, 415)
            .WithName("ImportSuppressions")
            .WithSummary("Bring up to 10,000 at once, as JSON or CSV")
            .WithDescription(
                "CSV has a header line: address and, if you like, stream, reason, expires_at, detail. All lines are taken or none; "
                    + "what is wrong is told by its line, 100 at a time."
            );
        manage
            .MapDelete("/{id}", DeleteAsync)
            .Produces(StatusCodes.Status204NoContent)
            .WithName("DeleteSuppression")
            .WithSummary("Write to the address again on that stream");
    }

    private static async Task<IResult> ListAsync(HttpContext http, SuppressionStore suppressions) =>
        SuppressionFilter.Read(http.Request.Query, isWhole: false, out var problem) is { } filter
            ? Results.Json(
                await suppressions.ListAsync(http.Caller().Tenant.Id, filter, http.RequestAborted),
                SuppressionJson.Readable.SuppressionPage
            )
            : problem!.ToResult();

    private static async Task<IResult> GetAsync(string id, HttpContext http, SuppressionStore suppressions) =>
        LedgerIds.TryParse(id, out var known)
        && await suppressions.GetAsync(http.Caller().Tenant.Id, known, http.RequestAborted) is { } found
            ? Results.Json(found, SuppressionJson.Readable.SuppressionView)
            : NoSuchSuppression();

    private static IResult Export(HttpContext http, SuppressionStore suppressions)
    {
        if (SuppressionFilter.Read(http.Request.Query, isWhole: true, out var problem) is not { } filter)
        {
            return problem!.ToResult();
        }

        http.Response.Headers.ContentDisposition = "attachment; filename=suppressions.csv";
        return Results.Stream(
            body => ExportAsync(body, http.Caller().Tenant.Id, filter, suppressions, http.RequestAborted),
            SuppressionUpload.Csv + "; charset=utf-8"
        );
    }

    private static async Task ExportAsync(
        Stream body,
        Guid tenant,
        SuppressionFilter filter,
        SuppressionStore suppressions,
        CancellationToken cancel
    )
    {
        // The first page before the first byte: a ledger that is away is still a 503.
        var page = await suppressions.ListAsync(tenant, filter, cancel);
        await using var writer = new StreamWriter(body, leaveOpen: true);
        await writer.WriteAsync(SuppressionCsv.Header);
        while (true)
        {
            await writer.WriteAsync(SuppressionCsv.Rows(page.Items));
            if (page.Next is null)
            {
                return;
            }

            page = await suppressions.ListAsync(tenant, filter with { Below = page.Items[^1].Id }, cancel);
        }
    }

    private static async Task<IResult> AddAsync(HttpContext http, SuppressionStore suppressions, TimeProvider clock)
    {
        var (fields, problem) = await ManageBody.ReadAsync(http);
        if (fields is null)
        {
            return problem!.ToResult();
        }

        var wanted = WantedSuppression.Read(fields, clock.GetUtcNow());
        if (fields.Problem() is { } refused)
        {
            return refused.ToResult();
        }

        var (rows, isNew) = await suppressions.AddAsync(http.Caller(), wanted!, http.RequestAborted);
        return Results.Json(
            new SuppressionPage(rows, null),
            SuppressionJson.Readable.SuppressionPage,
            statusCode: isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK
        );
    }

    private static async Task<IResult> ImportAsync(HttpContext http, SuppressionStore suppressions, TimeProvider clock)
    {
        var (wanted, problem) = await SuppressionUpload.ReadAsync(http, clock.GetUtcNow());
        return wanted is null
            ? problem!.ToResult()
            : Results.Json(
                await suppressions.ImportAsync(http.Caller(), wanted, http.RequestAborted),
                SuppressionJson.Readable.ImportedSuppressions
            );
    }

    private static async Task<IResult> DeleteAsync(string id, HttpContext http, SuppressionStore suppressions) =>
        LedgerIds.TryParse(id, out var known)
        && await suppressions.DeleteAsync(http.Caller(), known, http.RequestAborted) is not null
            ? Results.NoContent()
            : NoSuchSuppression();

    /// <summary>One answer for unknown, malformed and another tenant's.</summary>
    private static IResult NoSuchSuppression() => ApiProblem.NotFound("suppression").ToResult();
}
