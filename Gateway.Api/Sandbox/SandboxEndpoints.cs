using Gateway.Api.Auth;
using Gateway.Api.Problems;
using Gateway.Api.Reading;
using Gateway.Tenants;

namespace Gateway.Api.Sandbox;

internal static class SandboxEndpoints
{
    public static void MapSandbox(this IEndpointRouteBuilder routes)
    {
        var sandbox = routes.MapGroup("/v1/sandbox/messages").WithTags("Sandbox").RequireKey(Scope.Read);
        sandbox.MapGet("", ListAsync).Produces<SandboxPage>().WithName("ListSandboxMessages");
        sandbox.MapGet("/{id}/raw", RawAsync).Produces(200, contentType: "message/rfc822").WithName("GetSandboxSource");
    }

    private static async Task<IResult> ListAsync(HttpContext http, SandboxInbox inbox) =>
        SandboxFilter.Read(http.Request.Query, out var problem) is { } filter
            ? TypedResults.Json(
                await inbox.ReadAsync(http.Caller().Tenant.Id, filter, http.RequestAborted),
                ApiJson.Readable.SandboxPage
            )
            : problem!.ToResult();

    private static async Task<IResult> RawAsync(string id, HttpContext http, SandboxInbox inbox)
    {
        var raw = LedgerIds.TryParse(id, out var known)
            ? await inbox.ReadRawAsync(http.Caller().Tenant.Id, known, http.RequestAborted)
            : null;
        if (raw is null)
        {
            return ApiProblem.NotFound("sandbox message").ToResult();
        }

        // Somebody's mail may hold anything: a browser saves it and runs nothing of it.
        http.Response.Headers.XContentTypeOptions = "nosniff";
        return TypedResults.File(raw, "message/rfc822", $"{known}.eml");
    }
}
