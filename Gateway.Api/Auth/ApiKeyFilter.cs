using Gateway.Api.Manage;
using Gateway.Api.Problems;
using Gateway.Api.Telemetry;
using Gateway.Tenants;

namespace Gateway.Api.Auth;

/// <summary>Lets a request pass with a Bearer key that holds the scope; the caller is then in its features.</summary>
public sealed class ApiKeyFilter(TenantDirectory directory, string scope) : IEndpointFilter
{
    private const string Scheme = "Bearer ";

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var header = http.Request.Headers.Authorization.ToString();
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            DoorTelemetry.CountNotLetIn("missing");
            return Unauthorized("key_missing", "Send your API key as 'Authorization: Bearer gw_…'.");
        }

        switch (await directory.AuthenticateAsync(header[Scheme.Length..].Trim(), http.RequestAborted))
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
                http.Features.Set(caller);
                http.RequestServices.GetService<KeyUse>()?.Note(caller);
                return await next(context);
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
                // One answer for malformed, unknown and revoked: it tells a guesser nothing.
                return Unauthorized("key_wrong", "This API key is not valid.");
            default:
                DoorTelemetry.CountNotLetIn("cannot_tell");
                return ApiProblem.Unavailable("Keys cannot be checked at this moment.").ToResult();
        }
    }

    private static IResult Unauthorized(string code, string detail) =>
        // Never with its value: what was almost a key may be one elsewhere.
        new ApiProblem(StatusCodes.Status401Unauthorized, code, "No valid API key", detail)
        {
            Field = "Authorization",
            Accepted = "Bearer and an API key: gw_live_… or gw_test_…",
        }.ToResult();
}

public static class Callers
{
    /// <summary>Endpoints of this group need a key with the scope.</summary>
    public static TBuilder RequireKey<TBuilder>(this TBuilder builder, string scope)
        where TBuilder : IEndpointConventionBuilder =>
        builder.AddEndpointFilterFactory(
            (context, next) =>
            {
                var directory = context.ApplicationServices.GetRequiredService<TenantDirectory>();
                var filter = new ApiKeyFilter(directory, scope);
                return invocation => filter.InvokeAsync(invocation, next);
            }
        );

    /// <summary>Who passed <see cref="RequireKey"/>.</summary>
    public static Caller Caller(this HttpContext http) => (Caller)http.Features[typeof(Caller)]!;
}
