using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Gateway.Suppressions;

/// <summary>Looks every second whether events say something of an address. Any number of replicas may.</summary>
public sealed partial class SuppressionWatch(
    SuppressionLedger suppressions,
    TimeProvider clock,
    ILogger<SuppressionWatch> log
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
                while (await suppressions.AdvanceAsync(stoppingToken) == SuppressionLedger.Batch) { }
                if (clock.GetElapsedTime(forgotten) > ForgetEach)
                {
                    await suppressions.ForgetExpiredAsync(stoppingToken);
                    forgotten = clock.GetTimestamp();
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception problem) when (problem is NpgsqlException or IOException or TimeoutException)
            {
                // The cursor stays where it is: the next look follows what this one did not.
                NotFollowed(log, LoggableError.Of(problem).Message);
            }

            await Task.Delay(Each, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Suppressions do not follow the events at this moment: {Problem}")]
    private static partial void NotFollowed(ILogger log, string problem);
}
