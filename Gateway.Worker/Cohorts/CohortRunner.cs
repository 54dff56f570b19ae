using Gateway.Database;
using Gateway.Worker.Delivery;
using Npgsql;

namespace Gateway.Worker.Cohorts;

/// <summary>
/// Resends, releases, cancels and parks what somebody asked for as a job, at the job's rate. Any number of replicas may:
/// each step of a job is one transaction that holds the job.
/// </summary>
public sealed partial class CohortRunner(
    [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger,
    WorkerSignals signals,
    TimeProvider clock,
    ILogger<CohortRunner> log
) : BackgroundService
{
    private static readonly TimeSpan Each = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ForgetEach = TimeSpan.FromHours(1);

    private readonly CohortStep step = new(ledger, clock);

    /// <summary>One step of every job that is due; the number of deliveries acted on.</summary>
    public async Task<int> RunOnceAsync(CancellationToken cancel)
    {
        var done = new List<Guid>();
        var acted = 0;
        while (await step.RunAsync(done, cancel) is { } stepped)
        {
            done.Add(stepped.Job);
            acted += stepped.Acted;
        }

        if (acted > 0)
        {
            signals.MailCameBack();
        }

        return acted;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var forgotten = clock.GetTimestamp();
        while (!stoppingToken.IsCancellationRequested)
        {
            var rest = Each;
            try
            {
                await RunOnceAsync(stoppingToken);
                if (clock.GetElapsedTime(forgotten) > ForgetEach)
                {
                    await step.ForgetAsync(stoppingToken);
                    forgotten = clock.GetTimestamp();
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception problem) when (problem is NpgsqlException or IOException or TimeoutException)
            {
                // Nothing of the step was written; it is made again.
                NotStepped(log, problem.Message);
                rest = AfterFailure;
            }

            await Task.Delay(rest, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The jobs over many deliveries did not go on: {Problem}")]
    private static partial void NotStepped(ILogger log, string problem);
}
