namespace Gateway.Api.Auth;

internal static class KeyServices
{
    /// <summary>Keys are checked from memory and kept fresh by a listener.</summary>
    public static IServiceCollection AddKeys(this IServiceCollection services) =>
        services.AddSingleton<TenantDirectory>().AddHostedService<TenantListener>();
}
