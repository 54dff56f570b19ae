using Gateway.Api.Auth;
using Gateway.Api.Problems;
using Gateway.Api.Reading;
using Gateway.Database;
using Gateway.Domains;
using Gateway.Mail.Dns;
using Gateway.Submissions;
using Gateway.Tenants;

namespace Gateway.Api.Manage.Domains;

/// <summary>Sending domains: claimed, proven by DNS, signed for.</summary>
internal static class DomainEndpoints
{
    public static IServiceCollection AddSendingDomains(
        this IServiceCollection services,
        IConfiguration configuration,
        IHostEnvironment environment
    ) =>
        services
            .AddDomains(configuration, environment, LedgerRole.Door)
            .AddSingleton<DomainBook>()
            .AddSingleton<DomainPages>();

    public static void MapDomains(this IEndpointRouteBuilder routes)
    {
        var read = routes.MapGroup("/v1/domains").WithTags("Domains").RequireKey(Scope.Read);
        read.MapGet("", ListAsync).Produces<DomainPage>().WithName("ListDomains");
        read.MapGet("/{id}", GetAsync).Produces<DomainView>().WithName("GetDomain");
        read.MapGet("/{id}/dns", DnsAsync)
            .Produces<DomainDns>()
            .WithName("GetDomainDns")
            .WithSummary("Every record to publish, with what is seen of each now");

        var write = routes
            .MapGroup("/v1/domains")
            .WithTags("Domains")
            .RequireKey(Scope.Manage)
            .DescribeProblems(400, 413, 415);
        write
            .MapPost("", ClaimAsync)
            .Accepts<DomainRequest>("application/json")
            .Produces<DomainView>()
            .Produces<DomainView>(StatusCodes.Status201Created)
            .DescribeProblems(409)
            .WithName("ClaimDomain")
            .WithSummary("Claim a domain; the answer lists the records to publish");
        write.MapDelete("/{id}", RemoveAsync).Produces(StatusCodes.Status204NoContent).WithName("RemoveDomain");
        write
            .MapPost("/{id}/verify", VerifyAsync)
            .Produces<DomainView>()
            .WithName("VerifyDomain")
            .WithSummary("Look at DNS now; what is missing stands in problem");
        write
            .MapPost("/{id}/dkim/rotate", RotateAsync)
            .Produces<DomainView>()
            .WithName("RotateDkimKey")
            .WithSummary("Make a new DKIM key; the present one signs until the new one's record is seen");
        write
            .MapPost("/{id}/approvals", ApproveAsync)
            .Accepts<ApprovalRequest>("application/json")
            .Produces(StatusCodes.Status204NoContent)
            .WithName("ApproveSubdomain")
            .WithSummary("Let another account claim a name below this domain");
    }

    private static async Task<IResult> ListAsync(HttpContext http, DomainPages pages)
    {
        var query = new QueryFields(http.Request.Query);
        var (limit, below) = (query.Limit(), IdCursor.Read(query));
        return query.Problem() is { } problem
            ? problem.ToResult()
            : TypedResults.Json(
                await pages.ListAsync(http.Caller(), below, limit, http.RequestAborted),
                DomainJson.Readable.DomainPage
            );
    }

    private static async Task<IResult> GetAsync(string id, HttpContext http, DomainPages pages) =>
        await pages.FindAsync(http.Caller(), id, http.RequestAborted) is { } row
            ? await ShowAsync(row, pages, StatusCodes.Status200OK, http.RequestAborted)
            : NoSuchDomain();

    private static async Task<IResult> DnsAsync(string id, HttpContext http, DomainPages pages, IDnsResolver dns)
    {
        if (await pages.FindAsync(http.Caller(), id, http.RequestAborted) is not { } row)
        {
            return NoSuchDomain();
        }

        var wanted = await pages.WantedAsync(row, http.RequestAborted);
        var seen = await Task.WhenAll(wanted.Select(r => SeenRecord.LookAsync(r, dns, http.RequestAborted)));
        var records = wanted.Zip(seen, RecordView.Of).ToArray();
        var ready = records.All(r => !r.Required || r.Status == SeenRecord.Ok);
        return TypedResults.Json(new DomainDns(row.Id, row.Domain, ready, records), DomainJson.Readable.DomainDns);
    }

    private static async Task<IResult> ClaimAsync(
        HttpContext http,
        DomainBook book,
        DomainPages pages,
        PublicSuffixList suffixes
    )
    {
        var (request, problem) = await DomainJson.ReadAsync(http, DomainJson.Readable.DomainRequest);
        if (request is null)
        {
            return problem!.ToResult();
        }

        if (ClaimedName.Read(request.Domain, suffixes, out var error) is not { } domain)
        {
            return ApiProblem.Invalid(error!).ToResult();
        }

        var caller = http.Caller();
        if (!DomainPages.Reaches(caller, domain))
        {
            return ApiProblem
                .Invalid(
                    FieldError.Of(
                        "key_narrowed",
                        "domain",
                        request.Domain,
                        $"a domain that this key is narrowed to: {string.Join(", ", caller.Domains.Order(StringComparer.Ordinal))}"
                    ),
                    StatusCodes.Status403Forbidden
                )
                .ToResult();
        }

        if (await book.ClaimAsync(caller.Tenant.Id, domain, request.Ed25519, http.RequestAborted) is not { } claim)
        {
            return new ApiProblem(
                StatusCodes.Status409Conflict,
                "too_many_domains",
                "No more domains",
                $"An account has at most {DomainBook.MostClaims} domains."
            ).ToResult();
        }

        var row = await pages.FindAsync(caller, claim.Id.ToString("D"), http.RequestAborted);
        http.Response.Headers.Location = $"/v1/domains/{claim.Id:D}";
        return row is null
            ? NoSuchDomain()
            : await ShowAsync(
                row,
                pages,
                claim.IsNew ? StatusCodes.Status201Created : StatusCodes.Status200OK,
                http.RequestAborted
            );
    }

    private static async Task<IResult> RemoveAsync(string id, HttpContext http, DomainBook book, DomainPages pages) =>
        await pages.FindAsync(http.Caller(), id, http.RequestAborted) is { } row
        && await book.RemoveAsync(row.TenantId, row.Id, http.RequestAborted)
            ? TypedResults.NoContent()
            : NoSuchDomain();

    private static async Task<IResult> VerifyAsync(
        string id,
        HttpContext http,
        DomainBook book,
        DomainPages pages,
        DomainChecks checks
    )
    {
        if (await pages.FindAsync(http.Caller(), id, http.RequestAborted) is not { } row)
        {
            return NoSuchDomain();
        }

        await book.LookAtKeysAsync(row, http.RequestAborted);
        return await checks.CheckAsync(row, http.RequestAborted) is { } after
            ? await ShowAsync(after, pages, StatusCodes.Status200OK, http.RequestAborted)
            : NoSuchDomain();
    }

    private static async Task<IResult> RotateAsync(
        string id,
        string? algorithm,
        HttpContext http,
        DomainBook book,
        DomainPages pages
    )
    {
        if (await pages.FindAsync(http.Caller(), id, http.RequestAborted) is not { } row)
        {
            return NoSuchDomain();
        }

        if (algorithm is not (null or NewDkimKey.Rsa or NewDkimKey.Ed25519))
        {
            var accepted = $"{NewDkimKey.Rsa} or {NewDkimKey.Ed25519}";
            return ApiProblem.Invalid(FieldError.Of("not_accepted", "algorithm", algorithm, accepted)).ToResult();
        }

        await book.RotateAsync(row, algorithm ?? NewDkimKey.Rsa, http.RequestAborted);
        return await ShowAsync(row, pages, StatusCodes.Status200OK, http.RequestAborted);
    }

    private static async Task<IResult> ApproveAsync(
        string id,
        HttpContext http,
        DomainBook book,
        DomainPages pages,
        PublicSuffixList suffixes
    )
    {
        var (request, problem) = await DomainJson.ReadAsync(http, DomainJson.Readable.ApprovalRequest);
        if (request is null)
        {
            return problem!.ToResult();
        }

        if (await pages.FindAsync(http.Caller(), id, http.RequestAborted) is not { } row || !row.State.Owns())
        {
            return NoSuchDomain();
        }

        if (!LedgerIds.TryParse(request.Claim, out var claim))
        {
            var accepted = "the id of the other account's claim";
            return ApiProblem.Invalid(FieldError.Of("not_accepted", "claim", request.Claim, accepted)).ToResult();
        }

        var domain = ClaimedName.Read(request.Domain, suffixes, out _);
        if (domain is null || !ClaimedName.Ancestors(domain, suffixes).Contains(row.Domain))
        {
            var accepted = $"a name below {row.Domain}";
            return ApiProblem.Invalid(FieldError.Of("not_accepted", "domain", request.Domain, accepted)).ToResult();
        }

        await book.ApproveAsync(row.TenantId, claim, domain, http.RequestAborted);
        return TypedResults.NoContent();
    }

    private static async Task<IResult> ShowAsync(
        DomainRow row,
        DomainPages pages,
        int status,
        CancellationToken cancel
    ) => TypedResults.Json(await pages.ViewAsync(row, cancel), DomainJson.Readable.DomainView, statusCode: status);

    /// <summary>One answer for unknown, malformed, another tenant's, and outside the key's reach.</summary>
    private static IResult NoSuchDomain() => ApiProblem.NotFound("domain").ToResult();
}
