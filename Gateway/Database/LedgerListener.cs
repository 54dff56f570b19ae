using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Gateway.Database;

/// <summary>
/// Listens on one channel of the ledger, on a connection of its own, for as long as the host runs. What was told while
/// nobody listened is lost, so whoever derives says what holds after a (re)connect and after a loss.
/// </summary>
public abstract partial class LedgerListener(NpgsqlDataSource ledger, string channel, TimeProvider clock, ILogger log)
    : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Something was told.</summary>
    protected abstract void Heard();

    /// <summary>Listening begins: what was told before was not heard.</summary>
    protected abstract void Connected();

    /// <summary>Nobody listens from here until <see cref="Connected"/>.</summary>
    protected abstract void Lost();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var connection = await ledger.OpenConnectionAsync(stoppingToken);
                connection.Notification += (_, _) => Heard();
                await using (var listen = new NpgsqlCommand($"LISTEN {channel}", connection))
                {
                    await listen.ExecuteNonQueryAsync(stoppingToken);
                }

                Connected();
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
                Lost();
                NotListening(log, channel, problem.Message);
                await Task.Delay(Pause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Nothing is heard on {Channel}: {Problem}")]
    private static partial void NotListening(ILogger log, string channel, string problem);
}
