using Gateway.Api.Manage;
using Gateway.Api.Operator.Drills;
using Gateway.Api.Operator.Holds;
using Gateway.Api.Operator.Paths;
using Gateway.Api.Operator.Resends;
using Gateway.Api.Problems;
using Gateway.Api.Reading;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Gateway.Api.Operator;

/// <summary>The operator's door: its own credential, and for every action a reason, a dry run and the audit (D22).</summary>
internal static class OperatorRoutes
{
    public const string Acts =
        " With ?dry_run=true it answers what would change and changes nothing. " + ProblemExamples.ReasonMissing;

    public static IServiceCollection AddOperator(this IServiceCollection services, IConfiguration configuration) =>
        services
            .AddSingleton(OperatorToken.Load(configuration))
            .AddSingleton<WrongTokens>()
            .AddSingleton<OperatorLedger>()
            .AddPaths();

    /// <summary>For the endpoints below <c>/ops/v1</c>, whichever feature they belong to.</summary>
    public static RouteGroupBuilder MapOperatorGroup(this IEndpointRouteBuilder app, string path) =>
        app.MapGroup("/ops/v1" + path)
            .WithTags("Operator")
            .AddEndpointFilterFactory(
                (context, next) =>
                {
                    var services = context.ApplicationServices;
                    var filter = new OperatorFilter(
                        services.GetRequiredService<OperatorToken>(),
                        services.GetRequiredService<WrongTokens>()
                    );
                    return invocation => filter.InvokeAsync(invocation, next);
                }
            )
            .AddOpenApiOperationTransformer(DescribeToken)
            .DescribeProblems(401, 422, 429, 503);

    public static void MapOperator(this IEndpointRouteBuilder app)
    {
        MapTenants(app.MapOperatorGroup("/tenants"));
        MapPartsOfTenants(app.MapOperatorGroup("/tenants/{id}").DescribeProblems(404));
        var plans = app.MapOperatorGroup("/plans");
        plans
            .MapGet("", PlanActions.ListAsync)
            .Produces<PlanPage>()
            .WithSummary("List the plans and how many have them");
        plans
            .MapPatch("/{plan}", PlanActions.ChangeAsync)
            .Action<PlanPatch>("Change a plan")
            .DescribeProblems(404)
            .WithDescription(
                $"Touches every tenant of the plan: refused above max_tenants ({PlanActions.DefaultMaxTenants} by default)."
                    + Acts
            );
        app.MapOperatorGroup("/audit")
            .MapGet("", AuditQueries.ListAsync)
            .Produces<AuditPage>()
            .WithSummary("Who did what and why, newest first")
            .WithDescription("Filters tenant, actor, action, since, until; cursor, limit.");
        app.MapPaths();
        app.MapDrills();
        app.MapOperatorResends();
        app.MapHolds();
    }

    /// <summary>The answer to a request about a tenant; one for unknown and malformed ids.</summary>
    public static async Task<IResult> OfTenantAsync(string id, Func<Guid, Task<IResult>> answer) =>
        LedgerIds.TryParse(id, out var tenant) ? await answer(tenant) : TenantRow.NotFound().ToResult();

    private static Task DescribeToken(
        OpenApiOperation operation,
        OpenApiOperationTransformerContext context,
        CancellationToken cancel
    )
    {
        const string scheme = "operator";
        context.Document!.AddComponent(
            scheme,
            new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "The operator's token; an API key does not open this door.",
            }
        );
        operation.Security = [new() { [new OpenApiSecuritySchemeReference(scheme, context.Document)] = [] }];
        return Task.CompletedTask;
    }

    private static void MapTenants(RouteGroupBuilder tenants)
    {
        tenants
            .MapGet("", TenantQueries.ListAsync)
            .Produces<TenantPage>()
            .WithSummary("List tenants, newest first")
            .WithDescription("Filters state, trust, plan, name (a part of it); cursor, limit.");
        tenants
            .MapPost("", TenantActions.CreateAsync)
            .Action<NewTenant>("Make a tenant with its first key")
            .Produces<ActionView>(StatusCodes.Status201Created)
            .WithDescription("The key's text is in this answer and nowhere else." + Acts);
    }

    private static void MapPartsOfTenants(RouteGroupBuilder tenant)
    {
        tenant
            .MapGet("", TenantQueries.GetAsync)
            .Produces<TenantDetail>()
            .WithSummary("Show a tenant: today's usage, lanes, pauses, limits, domains");
        tenant
            .MapPatch("", TenantActions.ChangeAsync)
            .Action<TenantPatch>("Change name, plan or trust")
            .WithDescription("An absent field stays." + Acts);
        tenant
            .MapPost("/suspend", Suspension.SuspendAsync)
            .Action<StreamAction>("Stop a tenant, or one stream of it")
            .WithDescription(
                "New submissions are refused with 403 at every replica within a second; what is queued waits, untouched."
                    + Acts
            );
        tenant
            .MapPost("/resume", Suspension.ResumeAsync)
            .Action<StreamAction>("Let a tenant, or one stream of it, go on")
            .WithDescription(
                "A stream that was paused by name, or by its own bounces, is resumed by name only; its outcomes are then "
                    + "counted anew."
                    + Acts
            );
        tenant
            .MapGet("/limits", LimitActions.GetAsync)
            .Produces<LimitPage>()
            .WithSummary("List the limits given to a tenant");
        tenant
            .MapPut("/limits", LimitActions.SetAsync)
            .Action<LimitSet>("Give a tenant these limits in place of all before")
            .WithDescription($"At most {LimitFields.Most}." + Acts);
        tenant
            .MapDelete("/limits", LimitActions.DeleteAsync)
            .Action<ReasonOnly>("Take a tenant's own limits away: its plan's remain")
            .WithDescription("The reason may stand in the header Operator-Reason." + Acts);
        MapKeys(tenant);
        MapRecipients(tenant);
    }

    private static void MapKeys(RouteGroupBuilder tenant)
    {
        tenant.MapGet("/keys", KeyActions.ListAsync).Produces<KeyPage>().WithSummary("List a tenant's keys");
        tenant
            .MapPost("/keys", KeyActions.CreateAsync)
            .Action<KeyRequest>("Make a key for a tenant that lost its own")
            .Produces<ActionView>(StatusCodes.Status201Created)
            .WithDescription("The key's text is in this answer and nowhere else." + Acts);
        tenant
            .MapPost("/keys/{key}/revoke", KeyActions.RevokeAsync)
            .Action<ReasonOnly>("Revoke a tenant's key at once")
            .WithDescription("Every replica refuses it within a second." + Acts);
    }

    private static void MapRecipients(RouteGroupBuilder tenant)
    {
        const string path = "/confirmed_recipients";
        tenant
            .MapGet(path, RecipientActions.ListAsync)
            .Produces<RecipientPage>()
            .WithSummary("List whom a trial tenant may write to beside its own domains");
        tenant
            .MapPost(path, RecipientActions.AddAsync)
            .Action<RecipientSet>("Let a trial tenant write to these recipients")
            .WithDescription($"At most {RecipientActions.Most} in one call." + Acts);
        tenant
            .MapDelete(path, RecipientActions.RemoveAsync)
            .Action<RecipientSet>("Take confirmed recipients away")
            .WithDescription($"At most {RecipientActions.Most} in one call." + Acts);
    }

    public static RouteHandlerBuilder Action<TBody>(this RouteHandlerBuilder endpoint, string summary)
        where TBody : notnull =>
        endpoint
            .Accepts<TBody>(isOptional: true, "application/json")
            .Produces<ActionView>()
            .WithSummary(summary)
            .DescribeProblems(400, 409, 413, 415);
}
