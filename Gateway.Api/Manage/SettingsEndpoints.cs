using Gateway.Api.Auth;
using Gateway.Api.Problems;
using Gateway.Tenants;

namespace Gateway.Api.Manage;

/// <summary>What a tenant chooses for itself.</summary>
internal static class SettingsEndpoints
{
    public static void MapSettings(this IEndpointRouteBuilder routes)
    {
        var settings = routes.MapGroup("/v1/settings").WithTags("Settings").RequireKey(Scope.Manage);
        settings
            .MapGet("", GetAsync)
            .Produces<SettingsView>()
            .WithName("GetSettings")
            .WithSummary("Show the settings, and the limits that hold");
        settings
            .MapPatch("", ChangeAsync)
            .Accepts<SettingsPatch>("application/json")
            .Produces<SettingsView>()
            .DescribeProblems(400, 413, 415)
            .WithName("ChangeSettings")
            .WithSummary("Change settings")
            .WithDescription(
                "A field that is absent stays, null goes back to the default. " + ProblemExamples.NotOfAVerifiedDomain
            );
    }

    private static async Task<IResult> GetAsync(HttpContext http, SettingsStore settings) =>
        Json((await settings.ReadAsync(http.Caller().Tenant.Id, http.RequestAborted)).View);

    private static async Task<IResult> ChangeAsync(HttpContext http, SettingsStore settings)
    {
        var (fields, problem) = await ManageBody.ReadAsync(http);
        if (fields is null)
        {
            return problem!.ToResult();
        }

        var caller = http.Caller();
        var change = SettingsChange.Read(fields, caller.Tenant.VerifiedDomains);
        if (fields.Problem() is { } refused)
        {
            return refused.ToResult();
        }

        var (after, whyNot) = await settings.ChangeAsync(caller, change, http.RequestAborted);
        return whyNot is not null ? whyNot.ToResult() : Json(after!.View);
    }

    private static IResult Json(SettingsView view) => Results.Json(view, ManageJson.Readable.SettingsView);
}
