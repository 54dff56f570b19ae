using Gateway.Api.Events;
using Gateway.Api.Messages;
using Gateway.Api.Sandbox;

namespace Gateway.Api.Reading;

internal static class ReadingServices
{
    /// <summary>What tenants read of the ledger, and what they change in it afterwards.</summary>
    public static IServiceCollection AddReading(this IServiceCollection services) =>
        services
            .AddSingleton<TenantLedger>()
            .AddSingleton<MessageList>()
            .AddSingleton<MessageReader>()
            .AddSingleton<MessageChanges>()
            .AddSingleton<EventFeed>()
            .AddSingleton<WaitingRoom>()
            .AddSingleton<SandboxInbox>();
}
