using Gateway.Api.Acceptance.Volume;
using Gateway.Api.Auth;
using Gateway.Api.Manage;
using Gateway.Api.Problems;
using Gateway.Api.Reading;
using Gateway.Cohorts;
using Gateway.Ledger;
using Gateway.Tenants;
using Npgsql;

namespace Gateway.Api.Resends;

/// <summary>A tenant sends again what failed, as a job that it can watch and stop.</summary>
internal static class ResendEndpoints
{
    private const int MostReason = 500;

    public static void MapResends(this IEndpointRouteBuilder routes)
    {
        var read = routes.MapGroup("/v1/resends").WithTags("Resends").RequireKey(Scope.Read);
        read.MapGet("", ListAsync)
            .Produces<CohortPage>()
            .WithName("ListResends")
            .WithSummary("List the jobs, newest first");
        read.MapGet("/{id}", GetAsync)
            .Produces<CohortView>()
            .WithName("GetResend")
            .WithSummary("Show a job and what became of its deliveries so far");
        read.MapGet("/{id}/deliveries", DeliveriesAsync)
            .Produces<CohortDeliveryPage>()
            .WithName("ListResendDeliveries")
            .WithSummary("List a job's deliveries, each with its outcome and the delivery that sends it again")
            .WithDescription("Filter outcome (waiting, resent, released, suppressed …); cursor, limit.");

        var send = routes.MapGroup("/v1/resends").WithTags("Resends").RequireKey(Scope.Send);
        send.MapPost("", CreateAsync)
            .Accepts<ResendRequest>("application/json")
            .Produces<CohortView>(StatusCodes.Status202Accepted)
            .Produces<CohortPreview>()
            .DescribeProblems(400, 409, 413, 415)
            .WithName("CreateResend")
            .WithSummary("Send again what failed")
            .WithDescription(
                "By state, path, cause, tag, stream, recipients, since, until. With dry_run it answers what would be sent and "
                    + "what would be left, and why. Each delivery is sent again once, as a new delivery; a held one is released."
            );
        send.MapPost("/{id}/cancel", CancelAsync)
            .Produces<CohortView>()
            .WithName("CancelResend")
            .WithSummary("Stop a job; what it has sent stays sent");
    }

    private static async Task<IResult> CreateAsync(HttpContext http, TenantLedger ledger, TimeProvider clock)
    {
        var (fields, problem) = await ManageBody.ReadAsync(http);
        if (fields is null)
        {
            return problem!.ToResult();
        }

        var (caller, now) = (http.Caller(), clock.GetUtcNow());
        var asker = VolumeRelease.AskerOf(caller, now);
        var request = CohortRequest.Read(CohortAction.Resend, fields, byOperator: false, now);
        var (reason, dryRun) = (fields.Text("reason", MostReason), fields.Flag("dry_run"));
        if (fields.Problem() is { } refused)
        {
            return refused.ToResult();
        }

        request = request with
        {
            Filter = request.Filter with { Tenant = caller.Tenant.Id, LeavesUnusualVolume = asker == Asker.Tenant },
        };
        try
        {
            return dryRun
                ? await PreviewAsync(http, ledger, request, asker)
                : await MakeAsync(http, ledger, request, caller, reason, now);
        }
        catch (PostgresException late) when (late.SqlState == PostgresErrorCodes.QueryCanceled)
        {
            return CohortRequest.TooWide().ToResult();
        }
    }

    private static async Task<IResult> PreviewAsync(
        HttpContext http,
        TenantLedger ledger,
        CohortRequest request,
        Asker asker
    )
    {
        var preview = await ledger.ReadAsync(
            request.Filter.Tenant!.Value,
            [CohortStatement.Preview(request, asker)],
            reader => CohortStatement.ReadPreviewAsync(reader, request, asker, http.RequestAborted),
            http.RequestAborted
        );
        return preview.Matched > request.Most
            ? request.TooMany().ToResult()
            : Results.Json(preview, ResendJson.Readable.CohortPreview);
    }

    private static async Task<IResult> MakeAsync(
        HttpContext http,
        TenantLedger ledger,
        CohortRequest request,
        Caller caller,
        string? reason,
        DateTimeOffset now
    )
    {
        var id = LedgerId.New(now);
        var made = await ledger.ChangeAsync(
            caller.Tenant.Id,
            [CohortStatement.Put(id, request)],
            async reader =>
            {
                await reader.ReadAsync(http.RequestAborted);
                return new Chosen((int)reader.GetInt64(0));
            },
            chosen =>
                chosen.Count > request.Most
                    ? []
                    :
                    [
                        CohortStatement.Make(id, request, $"key:{caller.KeyId}", reason, chosen.Count),
                        CohortStatement.Note(id, request, caller.KeyId, reason, chosen.Count),
                    ],
            http.RequestAborted
        );
        if (made!.Count > request.Most)
        {
            return request.TooMany().ToResult();
        }

        var view = await FindAsync(http, ledger, id);
        return Results.Json(view!, ResendJson.Readable.CohortView, statusCode: StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> ListAsync(HttpContext http, TenantLedger ledger)
    {
        var query = new QueryFields(http.Request.Query);
        var (below, limit) = (IdCursor.Read(query), query.Limit());
        if (query.Problem() is { } problem)
        {
            return problem.ToResult();
        }

        var tenant = http.Caller().Tenant.Id;
        var page = await ledger.ReadAsync(
            tenant,
            [CohortReader.PageCommand(tenant, below, limit)],
            reader => CohortReader.ReadPageAsync(reader, limit, http.RequestAborted),
            http.RequestAborted
        );
        return Results.Json(page, ResendJson.Readable.CohortPage);
    }

    private static async Task<IResult> GetAsync(string id, HttpContext http, TenantLedger ledger) =>
        LedgerIds.TryParse(id, out var known) && await FindAsync(http, ledger, known) is { } view
            ? Results.Json(view, ResendJson.Readable.CohortView)
            : NoSuchJob();

    private static async Task<IResult> DeliveriesAsync(string id, HttpContext http, TenantLedger ledger)
    {
        var query = new QueryFields(http.Request.Query);
        var (below, limit, outcome) = (IdCursor.Read(query), query.Limit(), query.Text("outcome"));
        if (query.Problem() is { } problem)
        {
            return problem.ToResult();
        }

        var tenant = http.Caller().Tenant.Id;
        if (!LedgerIds.TryParse(id, out var known) || await FindAsync(http, ledger, known) is null)
        {
            return NoSuchJob();
        }

        var page = await ledger.ReadAsync(
            tenant,
            [CohortReader.DeliveriesCommand(known, tenant, below, outcome, limit)],
            reader => CohortReader.ReadDeliveriesAsync(reader, limit, byOperator: false, http.RequestAborted),
            http.RequestAborted
        );
        return Results.Json(page, ResendJson.Readable.CohortDeliveryPage);
    }

    private static async Task<IResult> CancelAsync(string id, HttpContext http, TenantLedger ledger)
    {
        if (!LedgerIds.TryParse(id, out var known))
        {
            return NoSuchJob();
        }

        var tenant = http.Caller().Tenant.Id;
        await ledger.ChangeAsync(
            tenant,
            [],
            _ => Task.FromResult<Chosen?>(new Chosen(0)),
            _ => [CohortReader.StopCommand(known, tenant)],
            http.RequestAborted
        );
        return await GetAsync(id, http, ledger);
    }

    private static Task<CohortView?> FindAsync(HttpContext http, TenantLedger ledger, Guid id)
    {
        var tenant = http.Caller().Tenant.Id;
        return ledger.ReadAsync(
            tenant,
            CohortReader.FindCommands(id, tenant),
            reader => CohortReader.ReadAsync(reader, http.RequestAborted),
            http.RequestAborted
        );
    }

    /// <summary>One answer for unknown, malformed and another's.</summary>
    private static IResult NoSuchJob() => ApiProblem.NotFound("resend").ToResult();

    private sealed record Chosen(int Count);
}
