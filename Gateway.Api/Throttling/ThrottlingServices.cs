using Gateway.Throttling;
using StackExchange.Redis;

namespace Gateway.Api.Throttling;

internal static class ThrottlingServices
{
    public static IServiceCollection AddThrottling(this IServiceCollection services) =>
        services
            .AddSingleton(p => ThrottleOptions.Read(p.GetRequiredService<IConfiguration>()))
            .AddSingleton(Create)
            .AddSingleton<LimitSeeds>()
            .AddSingleton<LimitEvents>()
            .AddHostedService(p => p.GetRequiredService<LimitEvents>())
            .AddSingleton<AcceptanceThrottle>();

    /// <summary>Every answer of this group tells the caller's limits.</summary>
    public static RouteGroupBuilder TellLimits(this RouteGroupBuilder group)
    {
        group.AddEndpointFilterFactory(
            (context, next) =>
            {
                var filter = ActivatorUtilities.CreateInstance<RateLimitFilter>(context.ApplicationServices);
                return invocation => filter.InvokeAsync(invocation, next);
            }
        );
        return group;
    }

    private static Throttle Create(IServiceProvider services)
    {
        // It starts a loop, which must not belong to the trace of the first request.
        using var flow = ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow();
        return new Throttle(
            services.GetRequiredService<IConnectionMultiplexer>,
            services.GetRequiredService<ThrottleOptions>(),
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILogger<Throttle>>()
        );
    }
}
