using Gateway.Subscriptions;

namespace Gateway.Api.Subscriptions;

internal static class SubscriptionServices
{
    /// <summary>Webhooks as tenants manage them; another host sends them.</summary>
    public static IServiceCollection AddSubscriptions(
        this IServiceCollection services,
        IConfiguration configuration,
        IHostEnvironment environment
    ) => services.AddSubscriptions(WebhookTargets.Of(configuration, environment));

    internal static IServiceCollection AddSubscriptions(this IServiceCollection services, WebhookTargets targets) =>
        services
            .AddSingleton(targets)
            .AddSingleton<SubscriptionBook>()
            .AddSingleton<TryLog>()
            .AddSingleton<Replays>()
            .AddSingleton<TestSends>();
}
