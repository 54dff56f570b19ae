using Gateway.Api.Auth;
using Gateway.Api.Problems;
using Gateway.Api.Reading;
using Gateway.Tenants;

namespace Gateway.Api.Manage;

/// <summary>A tenant's own keys.</summary>
internal static class KeyEndpoints
{
    public static void MapKeys(this IEndpointRouteBuilder routes)
    {
        var keys = routes.MapGroup("/v1/keys").WithTags("Keys").RequireKey(Scope.Manage);
        keys.MapGet("", ListAsync)
            .Produces<KeyPage>()
            .WithName("ListKeys")
            .WithSummary("List the keys, newest first")
            .WithDescription("Never their texts. last_used_at is right within about a minute.");
        keys.MapPost("", CreateAsync)
            .Accepts<KeyRequest>("application/json")
            .Produces<KeyView>(StatusCodes.Status201Created)
            .DescribeProblems(400, 409, 413, 415)
            .WithName("CreateKey")
            .WithSummary("Make a key")
            .WithDescription(
                "The text is in this answer and nowhere else. A key gives no scope, mode or domain that it has not itself. "
                    + ProblemExamples.ScopeNotHeld
            );
        keys.MapGet("/{id}", GetAsync)
            .Produces<KeyView>()
            .WithName("GetKey")
            .WithSummary("Show a key, without its text");
        keys.MapPost("/{id}/rotate", RotateAsync)
            .Accepts<RotateRequest>(isOptional: true, "application/json")
            .Produces<KeyView>(StatusCodes.Status201Created)
            .DescribeProblems(400, 409, 413, 415)
            .WithName("RotateKey")
            .WithSummary("Put a new key in the place of one")
            .WithDescription(
                "The new key has the older one's name, mode, scopes and domains, and as long a life. The older one works until "
                    + "expires_at: 24 hours from now by default, at most 90 days, never longer than it would have."
            );
        keys.MapPost("/{id}/revoke", RevokeAsync)
            .Produces<KeyView>()
            .WithName("RevokeKey")
            .WithSummary("Revoke a key at once")
            .WithDescription(
                "Every replica refuses it within a second. A second call changes nothing and answers the same."
            );
    }

    private static async Task<IResult> ListAsync(HttpContext http, KeyStore keys)
    {
        var query = new QueryFields(http.Request.Query);
        var (after, limit) = (KeyCursor.Read(query), query.Limit());
        return query.Problem() is { } problem
            ? problem.ToResult()
            : Json(await keys.ListAsync(http.Caller().Tenant.Id, after, limit, http.RequestAborted));
    }

    private static async Task<IResult> GetAsync(string id, HttpContext http, KeyStore keys) =>
        await keys.GetAsync(http.Caller().Tenant.Id, Storable(id), http.RequestAborted) is { } key
            ? Json(key)
            : NoSuchKey();

    private static async Task<IResult> CreateAsync(HttpContext http, KeyStore keys, TimeProvider clock)
    {
        var (fields, problem) = await ManageBody.ReadAsync(http);
        if (fields is null)
        {
            return problem!.ToResult();
        }

        var caller = http.Caller();
        var wanted = KeyRules.Read(fields, caller.Tenant.VerifiedDomains, clock.GetUtcNow());
        if ((fields.Problem() ?? KeyRules.WhyNotGive(caller, wanted)) is { } refused)
        {
            return refused.ToResult();
        }

        var (key, tooMany) = await keys.CreateAsync(caller, wanted, http.RequestAborted);
        return key is null ? tooMany!.ToResult() : Json(key, StatusCodes.Status201Created);
    }

    private static async Task<IResult> RotateAsync(string id, HttpContext http, KeyStore keys, TimeProvider clock)
    {
        var (fields, problem) = await ManageBody.ReadAsync(http, optional: true);
        if (fields is null)
        {
            return problem!.ToResult();
        }

        var now = clock.GetUtcNow();
        var overlapEnd = fields.Time("expires_at", now, now + KeyRules.LongestOverlap);
        if (fields.Problem() is { } refused)
        {
            return refused.ToResult();
        }

        return await keys.RotateAsync(http.Caller(), Storable(id), overlapEnd, http.RequestAborted) is var (key, ended)
            ? key is null
                ? ended!.ToResult()
                : Json(key, StatusCodes.Status201Created)
            : NoSuchKey();
    }

    private static async Task<IResult> RevokeAsync(string id, HttpContext http, KeyStore keys) =>
        await keys.RevokeAsync(http.Caller(), Storable(id), http.RequestAborted) is { } key ? Json(key) : NoSuchKey();

    /// <summary>An id from the address may hold what PostgreSQL's text cannot.</summary>
    private static string Storable(string id) => KeyCursor.IsKeyId(id) ? id : "";

    private static IResult Json(KeyView key, int status = StatusCodes.Status200OK) =>
        Results.Json(key, ManageJson.Readable.KeyView, statusCode: status);

    private static IResult Json(KeyPage page) => Results.Json(page, ManageJson.Readable.KeyPage);

    /// <summary>One answer for unknown, malformed and another tenant's.</summary>
    private static IResult NoSuchKey() => ApiProblem.NotFound("key").ToResult();
}
