using Gateway.Secrets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Gateway.Database;

/// <summary>
/// Holds a host back until it has seen its ledger with its own eyes: reachable, made with this master key, and logged
/// in to by roles that row-level security binds. Later the database may go away; the doors then answer for themselves.
/// </summary>
internal sealed class LedgerGate(IServiceProvider services, MasterKey master, LedgerRoles roles, TimeProvider clock)
    : IHostedService
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromMinutes(2);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        foreach (var role in roles.Names)
        {
            var source = services.GetRequiredKeyedService<NpgsqlDataSource>(role);
            while (!await IsThereAsync(source, lastTry: clock.GetElapsedTime(began) > GiveUpAfter, cancellationToken))
            {
                await Task.Delay(Pause, clock, cancellationToken);
            }
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<bool> IsThereAsync(NpgsqlDataSource source, bool lastTry, CancellationToken cancel)
    {
        try
        {
            await LedgerSources.RefuseUnsafeRoleAsync(source, master, cancel);
            return true;
        }
        catch (NpgsqlException) when (!lastTry)
        {
            return false;
        }
    }
}
