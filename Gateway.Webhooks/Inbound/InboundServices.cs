using Gateway.Providers.Events;
using Gateway.Providers.Ses;
using Gateway.Reports;

namespace Gateway.Webhooks.Inbound;

/// <summary>The providers' events: their doors, and the work on what came in.</summary>
public static class InboundServices
{
    public static IServiceCollection AddInbound(this IServiceCollection services) =>
        services
            .AddReports()
            .AddSingleton(new AmazonFetch(SnsCertificates.Guarded()))
            .AddSingleton(p => new SnsCertificates(
                p.GetRequiredService<AmazonFetch>().GetAsync,
                p.GetRequiredService<TimeProvider>()
            ))
            .AddSingleton<EventFormats>()
            .AddSingleton<EventPaths>()
            .AddSingleton<EndpointLookUp>()
            .AddSingleton<InboundJournal>()
            .AddSingleton<InboundDoor>()
            .AddSingleton<InboundQueue>()
            .AddSingleton<AccountNews>()
            .AddSingleton<SnsConfirmation>()
            .AddSingleton<InboundProcessor>()
            .AddSingleton<InboundUpkeep>()
            .AddSingleton<EventReturns>()
            .AddSingleton<EventFetch>()
            .AddHostedService<InboundWork>()
            .AddHostedService<EventWatch>();

    public static void MapInbound(this IEndpointRouteBuilder app) =>
        app.MapPost(
            "/in/{provider}/{endpoint}",
            (string provider, string endpoint, HttpContext http, InboundDoor door) =>
                door.TakeAsync(provider, endpoint, http)
        );
}
