using Gateway.Database;
using Gateway.Ledger;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Gateway.Reports;

/// <summary>For hosts that work as <see cref="LedgerRole.Worker"/>.</summary>
public static class ReportServices
{
    public static IServiceCollection AddReports(this IServiceCollection services)
    {
        // Once, whoever of the host asks for it.
        services.TryAddSingleton(provider =>
        {
            var ledger = provider.GetRequiredKeyedService<NpgsqlDataSource>(LedgerRole.Worker);
            return new ReportRecorder(
                ledger,
                new WakeUp(ledger, provider.GetRequiredService<ILogger<WakeUp>>()),
                provider.GetRequiredService<TimeProvider>()
            );
        });
        return services;
    }
}
