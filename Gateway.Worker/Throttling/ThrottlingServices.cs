using Gateway.Throttling;
using StackExchange.Redis;

namespace Gateway.Worker.Throttling;

internal static class ThrottlingServices
{
    public static IServiceCollection AddThrottling(this IServiceCollection services) =>
        services
            .AddSingleton(p => ThrottleOptions.Read(p.GetRequiredService<IConfiguration>()))
            .AddSingleton(p => new Throttle(
                p.GetRequiredService<IConnectionMultiplexer>,
                p.GetRequiredService<ThrottleOptions>(),
                p.GetRequiredService<TimeProvider>(),
                p.GetRequiredService<ILogger<Throttle>>()
            ))
            .AddSingleton<PathCounts>()
            .AddSingleton<PathThrottle>()
            .AddHostedService<LaneWaits>();
}
