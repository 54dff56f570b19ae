using Gateway.Api.Auth.Shield;
using Gateway.Api.Manage;
using Gateway.Api.Problems;
using Gateway.Api.Telemetry;
using Gateway.Tenants;

namespace Gateway.Api.Auth;

/// <summary>Lets a request pass with a Bearer key that holds the scope; the caller is then in its features.</summary>
public sealed class ApiKeyFilter(TenantDirectory directory, AuthShield shield, RequestGate requests, string scope)
    : IEndpointFilter
{
    private const string Scheme = "Bearer ";

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var header = http.Request.Headers.Authorization.ToString();
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            DoorTelemetry.CountNotLetIn("missing");
            return await RefuseAsync(http, "", isForged: true, WithoutKey);
        }

        var given = header[Scheme.Length..].Trim();
        switch (await directory.AuthenticateAsync(given, http.RequestAborted))
        {
            case KeyVerdict.Known { Caller.Tenant.Suspended: true } when scope == Scope.Send:
                DoorTelemetry.CountNotLetIn("suspended");
                return new ApiProblem(
                    StatusCodes.Status403Forbidden,
                    "tenant_suspended",
                    "This account may not send",
                    "The account is suspended; what it sent before can still be read."
                ).ToResult();
            case KeyVerdict.Known { Caller: var caller } when caller.May(scope):
                Enter(http, caller);
                return await EnterAsync(context, next, caller.Tenant.Id);
            case KeyVerdict.Known:
                DoorTelemetry.CountNotLetIn("scope");
                return new ApiProblem(
                    StatusCodes.Status403Forbidden,
                    "scope_missing",
                    "This key may not do that",
                    $"The key needs the scope '{scope}'."
                ).ToResult();
            case KeyVerdict.Wrong wrong:
                DoorTelemetry.CountNotLetIn(wrong.Reason);
                return await RefuseAsync(http, given, wrong.IsForged, WithWrongKey);
            default:
                DoorTelemetry.CountNotLetIn("cannot_tell");
                return ApiProblem.Unavailable("Keys cannot be checked at this moment.").ToResult();
        }
    }

    private void Enter(HttpContext http, Caller caller)
    {
        var network = shield.NetworkOf(http.Connection.RemoteIpAddress);
        http.Features.Set(caller with { Network = network });
        http.RequestServices.GetService<KeyUse>()?.Note(caller);
        http.RequestServices.GetService<NetworkUse>()?.Note(caller.Tenant, network);
    }

    private async ValueTask<object?> EnterAsync(
        EndpointFilterInvocationContext context,
        EndpointFilterDelegate next,
        Guid tenant
    )
    {
        if (!requests.TryEnter(tenant))
        {
            return ApiProblem.Unavailable("Too many requests are under way.").ToResult();
        }

        try
        {
            return await next(context);
        }
        finally
        {
            requests.Leave(tenant);
        }
    }

    private async ValueTask<IResult> RefuseAsync(HttpContext http, string given, bool isForged, ApiProblem refusal)
    {
        if (!shield.MayRefuse)
        {
            DoorTelemetry.CountNotLetIn("overloaded");
            return ApiProblem.Unavailable("Keys cannot be checked at this moment.").ToResult();
        }

        var from = http.Connection.RemoteIpAddress;
        return await shield.FailedAsync(ShieldDoor.Http, from, given, isForged, http.RequestAborted) is { } later
            ? TooMany(later).ToResult()
            : refusal.ToResult();
    }

    private static readonly ApiProblem WithoutKey = Unauthorized(
        "key_missing",
        "Send your API key as 'Authorization: Bearer gw_…'."
    );

    /// <summary>One answer for malformed, unknown and revoked: it tells a guesser nothing.</summary>
    private static readonly ApiProblem WithWrongKey = Unauthorized("key_wrong", "This API key is not valid.");

    private static ApiProblem TooMany(TimeSpan later) =>
        new(
            StatusCodes.Status429TooManyRequests,
            "too_many_wrong_keys",
            "Come again later",
            "Too many requests with a wrong key came from there; one with a valid key passes at any time."
        )
        {
            Field = "Authorization",
            Accepted = "Bearer and an API key: gw_live_… or gw_test_…",
            RetryAfter = (int)later.TotalSeconds,
        };

    private static ApiProblem Unauthorized(string code, string detail) =>
        // Never with its value: what was almost a key may be one elsewhere.
        new(StatusCodes.Status401Unauthorized, code, "No valid API key", detail)
        {
            Field = "Authorization",
            Accepted = "Bearer and an API key: gw_live_… or gw_test_…",
        };
}

public static class Callers
{
    /// <summary>Endpoints of this group need a key with the scope.</summary>
    public static TBuilder RequireKey<TBuilder>(this TBuilder builder, string scope)
        where TBuilder : IEndpointConventionBuilder =>
        builder.AddEndpointFilterFactory(
            (context, next) =>
            {
                var services = context.ApplicationServices;
                var filter = new ApiKeyFilter(
                    services.GetRequiredService<TenantDirectory>(),
                    services.GetRequiredService<AuthShield>(),
                    services.GetRequiredService<RequestGate>(),
                    scope
                );
                return invocation => filter.InvokeAsync(invocation, next);
            }
        );

    /// <summary>Who passed <see cref="RequireKey"/>.</summary>
    public static Caller Caller(this HttpContext http) => (Caller)http.Features[typeof(Caller)]!;
}
