using Gateway.Database;
using Gateway.Worker.Telemetry;
using Npgsql;

namespace Gateway.Worker.Upkeep;

/// <summary>
/// Keeps the days of the ledger: made ahead, emptied of contents and dropped when their time is over. One replica at a time.
/// </summary>
public sealed class LedgerUpkeep(
    IConfiguration configuration,
    Secrets.MasterKey master,
    TimeProvider clock,
    ILogger<LedgerUpkeep> log
) : BackgroundService
{
    private static readonly TimeSpan Each = TimeSpan.FromHours(1);
    private const long LockKey = 0x6761_7465_7761_7902;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Each, clock);
        do
        {
            try
            {
                await RunAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception problem)
            {
                WorkerLog.UpkeepFailed(log, problem);
            }
        } while (
            await timer
                .WaitForNextTickAsync(stoppingToken)
                .AsTask()
                .ContinueWith(t => t.IsCompletedSuccessfully && t.Result, TaskScheduler.Default)
        );
    }

    private async Task RunAsync(CancellationToken cancel)
    {
        var text = LedgerRole.ConnectionString(configuration.GetConnectionString("ledger")!, LedgerRole.Owner, master);
        text.Pooling = false;
        await using var owner = new NpgsqlConnection(text.ConnectionString);
        await owner.OpenAsync(cancel);
        await using (var turn = new NpgsqlCommand($"SELECT pg_try_advisory_lock({LockKey})", owner))
        {
            if (await turn.ExecuteScalarAsync(cancel) is not true)
            {
                return;
            }
        }

        var now = clock.GetUtcNow();
        await Partitions.MakeAheadAsync(owner, now, cancel);
        var droppable = await Partitions.FindDroppableAsync(owner, now, cancel);
        foreach (var day in droppable)
        {
            await Partitions.DropDayAsync(owner, day, cancel);
        }

        await ForgetExpiredAsync(owner, cancel);
        var contents = await ContentSweep.RunAsync(owner, now, cancel);
        WorkerLog.UpkeepDone(log, droppable.Count == 0 ? "none" : string.Join(", ", droppable), contents);
    }

    /// <summary>Idempotency rows past their 24 hours, in small statements: write transactions stay short.</summary>
    private static async Task ForgetExpiredAsync(NpgsqlConnection owner, CancellationToken cancel)
    {
        const string forget = """
            DELETE FROM idempotency WHERE ctid = ANY (ARRAY(
                SELECT ctid FROM idempotency WHERE expires_at < now() - interval '1 hour' LIMIT 5000))
            """;
        await using var command = new NpgsqlCommand(forget, owner);
        while (await command.ExecuteNonQueryAsync(cancel) > 0) { }

        // What a tenant usually sends, and from where, is only ever asked for 14 and 30 days back.
        const string forgetUsual = """
            DELETE FROM usage_hours WHERE hour < now() - interval '15 days';
            DELETE FROM tenant_networks WHERE last_seen_at < now() - interval '31 days'
            """;
        await using var usual = new NpgsqlCommand(forgetUsual, owner);
        await usual.ExecuteNonQueryAsync(cancel);
    }
}
