using Gateway.Worker.Health;
using Gateway.Worker.Paths;
using Gateway.Worker.Signing;
using Gateway.Worker.Telemetry;

namespace Gateway.Worker.Delivery;

internal static class DeliveryServices
{
    public static IServiceCollection AddDelivery(this IServiceCollection services) =>
        services
            .AddSingleton<CircuitBoard>()
            .AddSingleton<PathWitness>()
            .AddSingleton<PathFactory>()
            .AddSingleton<ConfiguredPaths>()
            .AddSingleton<StoredPaths>()
            .AddSingleton<EgressPaths>()
            .AddSingleton<PathPicker>()
            .AddSingleton<PathWaiters>()
            .AddSingleton<PathRegister>()
            .AddSingleton<IPublishedKeys, DeclaredKeys>()
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
            // The register first: whoever delivers asks it for paths.
            .AddHostedService(p => p.GetRequiredService<PathRegister>())
            .AddHostedService<PathListener>()
            .AddHostedService(p => p.GetRequiredService<PathWaiters>())
            .AddHostedService<CircuitJournal>()
            .AddHostedService<SharedCircuits>()
            .AddHostedService<PathCanary>()
            // Hosted services stop in the reverse order: the loop drains while the keeper still renews.
            .AddHostedService(p => p.GetRequiredService<LeaseKeeper>())
            .AddHostedService<QueueWatch>()
            .AddHostedService<DueListener>()
            .AddHostedService<DeliveryLoop>();
}
