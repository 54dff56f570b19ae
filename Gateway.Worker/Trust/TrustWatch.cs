using Gateway.Database;
using Npgsql;

namespace Gateway.Worker.Trust;

/// <summary>Looks every few seconds at what the lanes' mail came to, and pauses or warns (D24). Any number of replicas may.</summary>
public sealed partial class TrustWatch(
    [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger,
    TimeProvider clock,
    ILogger<TrustWatch> log
) : BackgroundService
{
    private static readonly TimeSpan Each = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ForgetEach = TimeSpan.FromHours(1);

    /// <summary>A look that takes long is made less often: it never takes more than a tenth of a connection's time.</summary>
    private const int PauseByCost = 10;

    private readonly OutcomeCount count = new(ledger, clock);
    private readonly LanePause pause = new(ledger, clock);

    /// <summary>Counts what is new and judges the lanes it was about.</summary>
    public async Task LookAsync(CancellationToken cancel)
    {
        var lanes = await count.AdvanceAsync(cancel);
        foreach (var (tenant, stream, judgement) in await pause.JudgeAsync(lanes, cancel))
        {
            if (judgement.Verdict == TrustVerdict.Pause)
            {
                Paused(log, stream, tenant, judgement.Cause!);
            }
            else
            {
                Warned(log, stream, tenant, judgement.Cause!);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var forgotten = clock.GetTimestamp();
        while (!stoppingToken.IsCancellationRequested)
        {
            var began = clock.GetTimestamp();
            try
            {
                await LookAsync(stoppingToken);
                if (clock.GetElapsedTime(forgotten) > ForgetEach)
                {
                    await pause.ForgetAsync(stoppingToken);
                    forgotten = clock.GetTimestamp();
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception problem) when (problem is NpgsqlException or IOException or TimeoutException)
            {
                // The cursor stays where it is: the next look counts what this one did not.
                NotLooked(log, problem.Message);
            }

            var rest = clock.GetElapsedTime(began) * PauseByCost;
            await Task.Delay(rest > Each ? rest : Each, clock, stoppingToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The stream {Stream} of tenant {Tenant} is paused by its {Cause}")]
    private static partial void Paused(ILogger log, string stream, Guid tenant, string cause);

    [LoggerMessage(2, LogLevel.Warning, "The stream {Stream} of tenant {Tenant} is warned for its {Cause}")]
    private static partial void Warned(ILogger log, string stream, Guid tenant, string cause);

    [LoggerMessage(3, LogLevel.Warning, "The outcomes of the lanes were not counted: {Problem}")]
    private static partial void NotLooked(ILogger log, string problem);
}
