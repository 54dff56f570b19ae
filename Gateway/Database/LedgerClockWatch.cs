using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Gateway.Database;

/// <summary>
/// Compares the host's clock with the ledger's: before anything else of the host starts, and every few seconds. While the
/// ledger is away the last word stands.
/// </summary>
internal sealed partial class LedgerClockWatch(
    IServiceProvider services,
    LedgerRoles roles,
    LedgerClock ledgerClock,
    ILogger<LedgerClockWatch> log
) : BackgroundService
{
    private static readonly TimeSpan Each = TimeSpan.FromSeconds(5);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        GatewayTelemetry.ClockCorrection.From(() => [new Measurement<double>(ledgerClock.Correction.TotalSeconds)]);
        await LookAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Each);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await LookAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async Task LookAsync(CancellationToken cancel)
    {
        try
        {
            var source = services.GetRequiredKeyedService<NpgsqlDataSource>(roles.Names[0]);
            await using var connection = await source.OpenConnectionAsync(cancel);
            await using var command = new NpgsqlCommand("SELECT clock_timestamp()", connection);
            var asked = ledgerClock.GetTimestamp();
            var ledger = (DateTime)(await command.ExecuteScalarAsync(cancel))!;
            if (ledgerClock.Saw(new DateTimeOffset(ledger), asked))
            {
                Corrected(log, ledgerClock.Correction.TotalSeconds);
            }
        }
        catch (Exception problem) when (problem is NpgsqlException or TimeoutException or IOException)
        {
            // Whoever needs the ledger says that it is away.
        }
    }

    [LoggerMessage(
        1,
        LogLevel.Warning,
        "This machine's clock differs from the ledger's and is corrected by {Seconds:0.0} s: set the machine's clock"
    )]
    private static partial void Corrected(ILogger log, double seconds);
}
