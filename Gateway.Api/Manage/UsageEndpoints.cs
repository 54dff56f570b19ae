using Gateway.Api.Auth;
using Gateway.Api.Reading;
using Gateway.Tenants;

namespace Gateway.Api.Manage;

/// <summary>How much a tenant sent.</summary>
internal static class UsageEndpoints
{
    public static void MapUsage(this IEndpointRouteBuilder routes) =>
        routes
            .MapGroup("/v1/usage")
            .WithTags("Usage")
            .RequireKey(Scope.Read)
            .MapGet("", ReadAsync)
            .Produces<UsagePage>()
            .WithName("ReadUsage")
            .WithSummary("Messages and recipients by day or month")
            .WithDescription(
                $"by=day (the default; limit 1 to {UsageRange.MostDays}, else {UsageRange.DefaultDays}) or by=month (limit 1 to "
                    + $"{UsageRange.MostMonths}, else 1), newest first, in UTC. Counted in the ledger as it stands now, test mail "
                    + "included; days that the ledger has dropped count nothing."
            );

    private static async Task<IResult> ReadAsync(HttpContext http, UsageReader usage, TimeProvider clock)
    {
        var query = new QueryFields(http.Request.Query);
        var range = UsageRange.Read(query, DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime));
        if (query.Problem() is { } problem)
        {
            return problem.ToResult();
        }

        var tenant = http.Caller().Tenant;
        var items = await usage.ReadAsync(tenant.Id, range, http.RequestAborted);
        return Results.Json(new UsagePage(items, range.Next, tenant.MonthQuota), ManageJson.Readable.UsagePage);
    }
}
