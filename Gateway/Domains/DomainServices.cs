using Gateway.Mail.Dns;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Gateway.Domains;

public static class DomainServices
{
    /// <summary>The resolver, and the sending domains as the given database role sees them.</summary>
    public static IServiceCollection AddDomains(
        this IServiceCollection services,
        IConfiguration configuration,
        IHostEnvironment environment,
        string role
    )
    {
        var options = DomainOptions.Read(configuration, environment.IsDevelopment());
        return services
            .AddSingleton(options)
            .AddSingleton(PathRecords.Read(configuration))
            .AddSingleton(PublicSuffixList.Load(options.PublicSuffixList))
            .AddSingleton<IDnsResolver>(p => new DnsResolver(
                options.ToResolver(),
                p.GetRequiredService<TimeProvider>()
            ))
            .AddSingleton(p => new DomainStore(p.GetRequiredKeyedService<NpgsqlDataSource>(role)))
            .AddSingleton<DomainChecks>();
    }
}
