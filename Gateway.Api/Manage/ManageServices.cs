using Gateway.Api.Manage.Domains;

namespace Gateway.Api.Manage;

internal static class ManageServices
{
    /// <summary>What tenants manage themselves: keys, settings, domains; and what they used.</summary>
    public static IServiceCollection AddManagement(
        this IServiceCollection services,
        IConfiguration configuration,
        IHostEnvironment environment
    ) =>
        services
            .AddSingleton<KeyStore>()
            .AddSingleton<SettingsStore>()
            .AddSingleton<UsageReader>()
            .AddSingleton<KeyUse>()
            .AddHostedService<KeyUseWriter>()
            .AddSendingDomains(configuration, environment);

    public static void MapManagement(this IEndpointRouteBuilder routes)
    {
        routes.MapKeys();
        routes.MapSettings();
        routes.MapUsage();
        routes.MapDomains();
    }
}
