using Gateway.Api.Auth.Proxies;
using Gateway.Api.Auth.Shield;
using Gateway.Mail.Smtp;
using Microsoft.Extensions.DependencyInjection.Extensions;
using ServiceDefaults.Health;

namespace Gateway.Api.Auth;

internal static class KeyServices
{
    /// <summary>Keys are checked from memory and kept fresh by a listener; a shield bounds what wrong ones cost.</summary>
    public static IServiceCollection AddKeys(this IServiceCollection services)
    {
        services.TryAddSingleton<HostReadiness>();
        return services
            .AddSingleton(p => Read(p.GetRequiredService<IConfiguration>()))
            .AddSingleton(p => new ContentBudget(p.GetRequiredService<ShieldOptions>().ContentBytes))
            .AddSingleton<RequestGate>()
            .AddSingleton<AuthShield>()
            .AddSingleton<ConnectionGuard>()
            .AddSingleton<ProxiedConnections>()
            .AddSingleton<IStartupFilter, ForwardedClients>()
            .AddSingleton<TenantDirectory>()
            .AddSingleton<NetworkUse>()
            .AddHostedService<NetworkUseWriter>()
            .AddHostedService<TenantListener>()
            .AddHostedService<OverloadWatch>();
    }

    private static ShieldOptions Read(IConfiguration configuration)
    {
        var options = configuration.GetSection("Gateway:Shield").Get<ShieldOptions>() ?? new ShieldOptions();
        options.TrustedProxies = configuration.GetSection("Gateway:TrustedProxies").Get<string[]>() ?? [];
        return options.Problems().ToArray() is { Length: > 0 } problems
            ? throw new InvalidOperationException(string.Join('\n', problems))
            : options;
    }
}
