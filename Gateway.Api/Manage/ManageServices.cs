namespace Gateway.Api.Manage;

internal static class ManageServices
{
    /// <summary>What tenants manage themselves: keys, settings; and what they used.</summary>
    public static IServiceCollection AddManagement(this IServiceCollection services) =>
        services
            .AddSingleton<KeyStore>()
            .AddSingleton<SettingsStore>()
            .AddSingleton<UsageReader>()
            .AddSingleton<KeyUse>()
            .AddHostedService<KeyUseWriter>();

    public static void MapManagement(this IEndpointRouteBuilder routes)
    {
        routes.MapKeys();
        routes.MapSettings();
        routes.MapUsage();
    }
}
