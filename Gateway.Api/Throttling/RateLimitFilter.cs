using System.Text;
using Gateway.Tenants;
using Gateway.Throttling;

namespace Gateway.Api.Throttling;

/// <summary>
/// Tells on every answer what the caller's account, key and month still hold (draft-ietf-httpapi-ratelimit-headers):
/// from what this replica last heard, without asking anybody.
/// </summary>
internal sealed class RateLimitFilter(Throttle throttle, TimeProvider clock) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        // Only then is known what the request itself took, and whatever ends it is told too.
        http.Response.OnStarting(() =>
        {
            if (http.Features.Get<Caller>() is { } caller)
            {
                Write(http.Response.Headers, caller);
            }

            return Task.CompletedTask;
        });
        return await next(context);
    }

    private void Write(IHeaderDictionary headers, Caller caller)
    {
        var limits = LimitSet.Of(caller.Tenant).For(caller, clock.GetUtcNow());
        if (limits.Count == 0)
        {
            return;
        }

        var (policy, state) = (new StringBuilder(), new StringBuilder());
        foreach (var limit in limits)
        {
            var known = throttle.Known(limit.Throttle);
            var waiting = limit.Broadcasts is { } turns ? throttle.Known(turns.Throttle)?.Used ?? 0 : 0;
            var left = Math.Max(0, limit.Cap - (known?.Used ?? 0) - waiting);
            // Seconds until more is given: a window slides, so after the oldest part of it.
            var reset = left == 0 && known is { OpensIn: var opens } && opens > TimeSpan.Zero ? opens : limit.Window;
            Separate(policy).Append($"\"{limit.Name}\";q={limit.Cap};w={(long)limit.Window.TotalSeconds}");
            Separate(state).Append($"\"{limit.Name}\";r={left};t={(long)Math.Ceiling(reset.TotalSeconds)}");
        }

        headers["RateLimit-Policy"] = policy.ToString();
        headers["RateLimit"] = state.ToString();
    }

    private static StringBuilder Separate(StringBuilder list) => list.Length == 0 ? list : list.Append(", ");
}
