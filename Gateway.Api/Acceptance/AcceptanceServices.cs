using Gateway.Api.Acceptance.Volume;
using Gateway.Api.Throttling;
using Gateway.Database;
using Gateway.Ledger;
using Npgsql;

namespace Gateway.Api.Acceptance;

internal static class AcceptanceServices
{
    public static IServiceCollection AddAcceptance(this IServiceCollection services) =>
        services
            .AddThrottling()
            .AddSingleton<MessageRequestValidator>()
            .AddSingleton<DomainOwners>()
            .AddSingleton<SenderPolicy>()
            .AddSingleton<SubmissionFactory>()
            .AddSingleton(p => VolumeOptions.Read(p.GetRequiredService<IConfiguration>()))
            .AddSingleton<VolumeWatch>()
            .AddHostedService<VolumeWriter>()
            .AddSingleton(p =>
                ApartFromTheCaller(() =>
                    new MessageAcceptor(
                        p.GetRequiredKeyedService<NpgsqlDataSource>(LedgerRole.Accept),
                        p.GetRequiredService<WakeUp>(),
                        p.GetRequiredService<TimeProvider>(),
                        p.GetRequiredService<AcceptanceThrottle>(),
                        p.GetRequiredService<VolumeWatch>()
                    )
                )
            )
            .AddSingleton(p =>
                ApartFromTheCaller(() =>
                    new WakeUp(
                        p.GetRequiredKeyedService<NpgsqlDataSource>(LedgerRole.Accept),
                        p.GetRequiredService<ILogger<WakeUp>>()
                    )
                )
            );

    /// <summary>Both start loops, and the first request would else own these and have all their work in its trace.</summary>
    private static T ApartFromTheCaller<T>(Func<T> create)
    {
        using var flow = ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow();
        return create();
    }
}
