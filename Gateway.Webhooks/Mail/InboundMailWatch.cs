using Npgsql;

namespace Gateway.Webhooks.Mail;

/// <summary>Reads mail when it comes, and looks each second for what another replica took and did not read.</summary>
internal sealed partial class InboundMailWatch(
    InboundMailReader reader,
    InboundMailLedger mails,
    InboundMailBell bell,
    TimeProvider clock,
    ILogger<InboundMailWatch> log
) : BackgroundService
{
    private static readonly TimeSpan Each = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ForgetEach = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var forgotten = clock.GetTimestamp();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await bell.WaitAsync(Each, stoppingToken);
                while (await reader.ReadAsync(stoppingToken) == InboundMailLedger.Batch) { }
                if (clock.GetElapsedTime(forgotten) > ForgetEach)
                {
                    await mails.ForgetAsync(stoppingToken);
                    forgotten = clock.GetTimestamp();
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception problem) when (InboundMailReader.IsAway(problem))
            {
                NotRead(log, LoggableError.Of(problem).Message);
                await Task.Delay(Each, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Mail of the bounce domain waits to be read: {Problem}")]
    private static partial void NotRead(ILogger log, string problem);
}
