using Gateway.Database;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Gateway.Suppressions;

public static class SuppressionServices
{
    /// <summary>Suppressions follow the events from here on; the host logs in as <see cref="LedgerRole.Worker"/>.</summary>
    /// <exception cref="InvalidOperationException">A setting makes no sense.</exception>
    public static IServiceCollection AddSuppressions(this IServiceCollection services, IConfiguration configuration)
    {
        var options = configuration.GetSection("Gateway:Suppressions").Get<SuppressionOptions>() ?? new();
        if (options.Problems().ToArray() is { Length: > 0 } problems)
        {
            throw new InvalidOperationException(string.Join('\n', problems));
        }

        return services
            .AddSingleton(p => new SuppressionLedger(
                p.GetRequiredKeyedService<NpgsqlDataSource>(LedgerRole.Worker),
                options
            ))
            .AddHostedService<SuppressionWatch>();
    }
}
