using Gateway.Database;
using Gateway.Ledger;
using Npgsql;

namespace Gateway.Api.Acceptance;

internal static class AcceptanceServices
{
    public static IServiceCollection AddAcceptance(this IServiceCollection services) =>
        services
            .AddSingleton<MessageRequestValidator>()
            .AddSingleton<SubmissionFactory>()
            .AddSingleton<MessageAcceptor>()
            .AddSingleton(p => new WakeUp(
                p.GetRequiredKeyedService<NpgsqlDataSource>(LedgerRole.Accept),
                p.GetRequiredService<ILogger<WakeUp>>()
            ));
}
