using Gateway.ReturnMail;

namespace Gateway.Worker.Preparing;

/// <summary>Says at the start what will be missing from what we send.</summary>
internal sealed partial class ReturnMailNotice(ReturnMailOptions options, ILogger<ReturnMailNotice> log)
    : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.PublicUrl is null)
        {
            NoPublicUrl(log);
        }

        if (options.BounceDomain is null)
        {
            NoBounceDomain(log);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(
        1,
        LogLevel.Warning,
        "Gateway:PublicUrl is not set: broadcast mail leaves without one-click unsubscribing (RFC 8058)"
    )]
    private static partial void NoPublicUrl(ILogger log);

    [LoggerMessage(
        2,
        LogLevel.Information,
        "Gateway:BounceDomain is not set: bounces by mail go to the senders' own addresses and are not seen here"
    )]
    private static partial void NoBounceDomain(ILogger log);
}
