using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace ServiceDefaults.Health;

/// <summary>Registers readiness and dependencies.</summary>
public static class HealthServices
{
    /// <summary>
    /// Watches a dependency in the background. It shows in <c>/health</c> and in metrics and gates nothing.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="name">As shown: <c>ledger</c>, <c>redis</c>.</param>
    /// <param name="lookAsync">Returns if the dependency is there, throws if not; cancelled after 3 s.</param>
    public static IServiceCollection AddDependency(
        this IServiceCollection services,
        string name,
        Func<IServiceProvider, CancellationToken, Task> lookAsync
    ) => services.AddSingleton(new DependencyCheck(name, lookAsync));

    internal static void AddHostReadiness(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<HostReadiness>();
        services.AddSingleton<DependencyBoard>();
        services.AddSingleton<HealthMetrics>();
        services.AddSingleton(ClientChecks.Ledger);
        services.AddSingleton(ClientChecks.Redis);
        services.AddHostedService<DrainOnStop>();
        services.AddHostedService<DependencyWatch>();
    }

    /// <summary>The moment the host is told to stop, it says that it drains.</summary>
    private sealed class DrainOnStop(HostReadiness readiness, IHostApplicationLifetime life, HealthMetrics metrics)
        : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            // Named so that the gauges exist from the start; nobody else asks for them.
            _ = metrics;
            life.ApplicationStopping.Register(readiness.MarkDraining);
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
