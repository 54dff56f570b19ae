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
        sandbox.MapGet("/{id}", GetAsync).Produces<SandboxView>().WithName("GetSandboxMessage");
        sandbox.MapGet("/{id}/raw", RawAsync).Produces(200, contentType: "message/rfc822").WithName("GetSandboxSource");
    }

    private static async Task<IResult> ListAsync(HttpContext http, SandboxInbox inbox) =>
        SandboxFilter.Read(http.Request.Query, out var problem) is { } filter
            ? TypedResults.Json(
                await inbox.ListAsync(http.Caller().Tenant.Id, filter, http.RequestAborted),
                ApiJson.Readable.SandboxPage
            )
            : problem!.ToResult();

    private static async Task<IResult> GetAsync(string id, HttpContext http, SandboxInbox inbox) =>
        await FindAsync(id, http, inbox) is { } mail
            ? TypedResults.Json(SandboxView.Of(mail), ApiJson.Readable.SandboxView)
            : NoSuchMail();

    private static async Task<IResult> RawAsync(string id, HttpContext http, SandboxInbox inbox)
    {
        if (await FindAsync(id, http, inbox) is not { } mail)
        {
            return NoSuchMail();
        }

        // Somebody's mail may hold anything: a browser saves it and runs nothing of it.
        http.Response.Headers.XContentTypeOptions = "nosniff";
        return TypedResults.File(mail.Raw, "message/rfc822", $"{mail.Id}.eml");
    }

    private static async Task<SandboxMail?> FindAsync(string id, HttpContext http, SandboxInbox inbox) =>
        LedgerIds.TryParse(id, out var known)
            ? await inbox.FindAsync(http.Caller().Tenant.Id, known, http.RequestAborted)
            : null;

    private static IResult NoSuchMail() => ApiProblem.NotFound("sandbox message").ToResult();
}
