using Gateway.Database;
using Npgsql;

namespace Gateway.Webhooks.Inbound;

/// <summary>Keeps the providers' requests being read: at once after each commit of this replica, else five times a second.</summary>
internal sealed class InboundWork(
    EventPaths paths,
    InboundProcessor processor,
    InboundJournal journal,
    TimeProvider clock,
    ILogger<InboundWork> log
) : BackgroundService
{
    /// <summary>Batches that a replica reads side by side: one waits for its commit while another is parsed.</summary>
    private const int SideBySide = 3;
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Trouble = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim written = new(0, SideBySide);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        journal.TellTo(Wake);
        try
        {
            await Task.WhenAll([
                paths.FollowAsync(stoppingToken),
                .. Enumerable.Range(0, SideBySide).Select(_ => ReadAsync(stoppingToken)),
            ]);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What was claimed is claimed again when its lease is over.
        }
    }

    private async Task ReadAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (await processor.RunOnceAsync(log, stop) == 0)
                {
                    await written.WaitAsync(Idle, stop);
                }
            }
            catch (Exception problem) when (problem is NpgsqlException or IOException or TimeoutException)
            {
                InboundLogLines.EventsWait(log, problem is PostgresException told ? told.SqlState : problem.Message);
                await Task.Delay(Trouble, clock, stop);
            }
        }
    }

    private void Wake()
    {
        try
        {
            written.Release();
        }
        catch (SemaphoreFullException)
        {
            // All are awake, or will look at once.
        }
    }
}
