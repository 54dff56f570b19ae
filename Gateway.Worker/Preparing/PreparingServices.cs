using Gateway.ReturnMail;

namespace Gateway.Worker.Preparing;

internal static class PreparingServices
{
    /// <summary>What each delivery has for itself: its return address, and how its recipient leaves.</summary>
    public static IServiceCollection AddPreparing(
        this IServiceCollection services,
        IConfiguration configuration,
        IHostEnvironment environment
    ) =>
        services
            .AddReturnMail(configuration, environment)
            .AddSingleton(p => new LeavingOffer(
                p.GetRequiredService<ReturnMailOptions>(),
                p.GetRequiredService<UnsubscribeLinks>(),
                p.GetService<ReturnAddresses>()
            ))
            .AddSingleton(p => new DeliveryMarks(p.GetRequiredService<LeavingOffer>(), p.GetService<ReturnAddresses>()))
            .AddHostedService<ReturnMailNotice>();
}
