using Gateway.Worker.Paths;
using Gateway.Worker.Signing;
using Gateway.Worker.Telemetry;

namespace Gateway.Worker.Delivery;

internal static class DeliveryServices
{
    public static IServiceCollection AddDelivery(this IServiceCollection services) =>
        services
            .AddSingleton<EgressPaths>()
            .AddSingleton<PathHealth>()
            .AddSingleton<PathWitness>()
            .AddSingleton<PathPicker>()
            .AddSingleton<IPublishedKeys, ResolvedKeys>()
            .AddSingleton<SigningKeys>()
            .AddSingleton<MessageSigner>()
            .AddSingleton(p => LeaseTimes.Read(p.GetRequiredService<IConfiguration>()))
            .AddSingleton<HeldLeases>()
            .AddSingleton<QueueCount>()
            .AddSingleton<WorkerSignals>()
            .AddSingleton<DeliveryQueue>()
            .AddSingleton<DeliveryLoader>()
            .AddSingleton<AttemptJournal>()
            .AddSingleton<DeliverySteps>()
            .AddSingleton<DeliveryRunner>()
            .AddSingleton<Intake>()
            .AddSingleton<LeaseKeeper>()
            // Hosted services stop in the reverse order: the loop drains while the keeper still renews.
            .AddHostedService(p => p.GetRequiredService<LeaseKeeper>())
            .AddHostedService<QueueWatch>()
            .AddHostedService<DueListener>()
            .AddHostedService<DeliveryLoop>();
}
