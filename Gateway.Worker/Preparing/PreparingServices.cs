using Gateway.ReturnMail;
using Gateway.Suppressions;
using Gateway.Worker.Preparing;

namespace Gateway.Worker;

internal static class PreparingServices
{
    /// <summary>What each recipient is due: a return address, a way to leave, and no mail where nobody wants any.</summary>
    public static IServiceCollection AddRecipients(
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
            .AddHostedService<ReturnMailNotice>()
            .AddSuppressions(configuration);
}
