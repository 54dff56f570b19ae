using Gateway.Database;
using Gateway.Ledger;
using Gateway.Worker.Telemetry;
using Npgsql;

namespace Gateway.Worker.Delivery;

/// <summary>Hears the wake-ups of the doors on a connection of its own; after a reconnect it looks once by itself.</summary>
public sealed class DueListener(
    [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger,
    WorkerSignals signals,
    TimeProvider clock,
    ILogger<DueListener> log
) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var connection = await ledger.OpenConnectionAsync(stoppingToken);
                connection.Notification += (_, _) => signals.MailIsDue();
                await using (var listen = new NpgsqlCommand($"LISTEN {WakeUp.Channel}", connection))
                {
                    await listen.ExecuteNonQueryAsync(stoppingToken);
                }

                signals.MailCameBack();
                while (true)
                {
                    await connection.WaitAsync(stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception problem) when (problem is NpgsqlException or IOException or TimeoutException)
            {
                WorkerLog.NotListening(log, problem.Message);
                await Task.Delay(Pause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
