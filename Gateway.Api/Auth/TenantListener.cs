using Gateway.Database;
using Npgsql;

namespace Gateway.Api.Auth;

/// <summary>
/// Hears that tenants, keys or domains changed and drops the copies. While nobody listens nothing may be trusted to be
/// fresh, so losing the connection drops them too.
/// </summary>
public sealed class TenantListener(
    [FromKeyedServices(LedgerRole.Door)] NpgsqlDataSource ledger,
    TenantDirectory directory,
    TimeProvider clock,
    ILogger<TenantListener> log
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
                connection.Notification += (_, _) => directory.Forget();
                await using (var listen = new NpgsqlCommand("LISTEN gw_tenants", connection))
                {
                    await listen.ExecuteNonQueryAsync(stoppingToken);
                }

                directory.Forget();
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
                directory.Forget();
                log.LogWarning("changes of tenants are not heard: {Problem}", problem.Message);
                await Task.Delay(Pause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
