using Gateway.Subscriptions;

namespace Gateway.Webhooks.Outbound;

internal static class OutboundServices
{
    /// <summary>Tells tenants what happened: every event once or more to every subscription that wants it.</summary>
    public static IServiceCollection AddOutbound(
        this IServiceCollection services,
        IConfiguration configuration,
        IHostEnvironment environment
    )
    {
        var options = configuration.GetSection("Gateway:Webhooks").Get<OutboundOptions>() ?? new OutboundOptions();
        if (options.Problems().ToArray() is { Length: > 0 } problems)
        {
            throw new InvalidOperationException(string.Join('\n', problems));
        }

        return services.AddSingleton(options).AddSingleton(WebhookTargets.Of(configuration, environment)).AddSending();
    }

    /// <summary>Without the settings, for tests that bring their own.</summary>
    internal static IServiceCollection AddSending(this IServiceCollection services) =>
        services
            .AddSingleton<OutboundSignals>()
            .AddSingleton<SenderBook>()
            .AddSingleton<EventTail>()
            .AddSingleton<ResultJournal>()
            .AddSingleton<WebhookClient>()
            .AddSingleton<OutboundLedger>()
            .AddHostedService<Dispatcher>()
            .AddHostedService<EventListener>()
            .AddHostedService<SubscriptionListener>();
}
