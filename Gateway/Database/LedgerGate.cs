using Gateway.Secrets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Gateway.Database;

/// <summary>
/// Holds a host back until it has seen its ledger with its own eyes: reachable, made with this master key, and logged
/// in to by roles that row-level security binds. Later the database may go away; the doors then answer for themselves.
/// </summary>
public sealed class LedgerGate(IServiceProvider services, MasterKey master, IReadOnlyList<string> roles, Action opened)
    : IHostedService
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromMinutes(2);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var clock = services.GetRequiredService<TimeProvider>();
        var began = clock.GetTimestamp();
        foreach (var role in roles)
        {
            while (true)
            {
                try
                {
                    var source = services.GetRequiredKeyedService<NpgsqlDataSource>(role);
                    await LedgerSources.RefuseUnsafeRoleAsync(source, master, cancellationToken);
                    break;
                }
                catch (NpgsqlException) when (clock.GetElapsedTime(began) < GiveUpAfter)
                {
                    await Task.Delay(Pause, clock, cancellationToken);
                }
            }
        }

        opened();
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
