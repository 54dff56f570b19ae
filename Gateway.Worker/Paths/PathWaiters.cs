using Gateway.Database;
using Gateway.Worker.Delivery;
using Gateway.Worker.Telemetry;
using Npgsql;

namespace Gateway.Worker.Paths;

/// <summary>
/// Makes due what waits for a path, when one can carry again: in batches, so that no statement is long, and again until
/// nothing is left.
/// </summary>
public sealed class PathWaiters(
    [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger,
    WorkerSignals signals,
    ILogger<PathWaiters> log
) : BackgroundService
{
    private const int AtOnce = 2_000;

    private const string Make = """
        WITH waiting AS MATERIALIZED (
            SELECT delivery_id FROM deliveries_due
            WHERE waiting_for = 'path' AND delivery_id > $1 AND due_at > now() AND lease_until IS NULL
            ORDER BY delivery_id LIMIT 2000 FOR UPDATE SKIP LOCKED
        )
        UPDATE deliveries_due d SET due_at = now()
        FROM waiting w WHERE d.delivery_id = w.delivery_id
        RETURNING d.delivery_id
        """;

    private readonly SemaphoreSlim asked = new(0, 1);

    public void Wake()
    {
        try
        {
            asked.Release();
        }
        catch (SemaphoreFullException)
        {
            // Asked already.
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await asked.WaitAsync(stoppingToken);
                await WakeAllAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception problem) when (problem is NpgsqlException or IOException or TimeoutException)
            {
                // Each has its own time to come back; this was only to be sooner.
                WorkerLog.NotWoken(log, problem.Message);
            }
        }
    }

    private async Task WakeAllAsync(CancellationToken cancel)
    {
        var after = Guid.Empty;
        while (true)
        {
            await using var command = ledger.CreateCommand(Make);
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = after });
            var woken = 0;
            await using (var reader = await command.ExecuteReaderAsync(cancel))
            {
                while (await reader.ReadAsync(cancel))
                {
                    woken++;
                    after = reader.GetGuid(0).CompareTo(after) > 0 ? reader.GetGuid(0) : after;
                }
            }

            if (woken == 0)
            {
                return;
            }

            signals.MailCameBack();
            if (woken < AtOnce)
            {
                return;
            }
        }
    }
}
