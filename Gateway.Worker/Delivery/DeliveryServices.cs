using Gateway.Worker.Delays;
using Gateway.Worker.Health;
using Gateway.Worker.Paths;
using Gateway.Worker.Reconciliation;
using Gateway.Worker.Signing;
using Gateway.Worker.Telemetry;

namespace Gateway.Worker.Delivery;

internal static class DeliveryServices
{
    public static IServiceCollection AddDelivery(this IServiceCollection services) =>
        services
            .AddSingleton<CircuitBoard>()
            .AddSingleton<BounceBreaker>()
            .AddSingleton<CircuitJournal>()
            .AddSingleton<PathFreezes>()
            .AddSingleton<PathBlame>()
            .AddSingleton<VerdictWaiters>()
            .AddSingleton<PastRefusals>()
            .AddSingleton<RefusalDoubts>()
            .AddSingleton<Admission>()
            .AddSingleton<PathWitness>()
            .AddSingleton<PathFactory>()
            .AddSingleton<ConfiguredPaths>()
            .AddSingleton<StoredPaths>()
            .AddSingleton<EgressPaths>()
            .AddSingleton<PathPicker>()
            .AddSingleton<PathWaiters>()
            .AddSingleton<PathRegister>()
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
            .AddSingleton<PathRide>()
            .AddSingleton<DeliverySteps>()
            .AddSingleton<DeliveryRunner>()
            .AddSingleton<Intake>()
            .AddSingleton<LeaseKeeper>()
            .AddSingleton<LookUpQueue>()
            .AddSingleton<LookUpResult>()
            // The register first: whoever delivers asks it for paths.
            .AddHostedService(p => p.GetRequiredService<PathRegister>())
            .AddHostedService<PathListener>()
            .AddHostedService(p => p.GetRequiredService<PathWaiters>())
            .AddHostedService(p => p.GetRequiredService<CircuitJournal>())
            .AddHostedService<SharedCircuits>()
            .AddHostedService<ReportedBounces>()
            .AddHostedService<PathCanary>()
            .AddHostedService(p => p.GetRequiredService<PathFreezes>())
            .AddHostedService(p => p.GetRequiredService<VerdictWaiters>())
            .AddHostedService(p => p.GetRequiredService<Admission>())
            // Hosted services stop in the reverse order: the loop drains while the keeper still renews.
            .AddHostedService(p => p.GetRequiredService<LeaseKeeper>())
            .AddHostedService<UnknownLookUps>()
            .AddHostedService<DelayAlarm>()
            .AddHostedService<QueueWatch>()
            .AddHostedService<DueListener>()
            .AddHostedService<DeliveryLoop>();
}
