using System.Diagnostics;
using System.Globalization;
using Gateway.Database;
using Gateway.Worker.Health;
using Gateway.Worker.Telemetry;
using Npgsql;

namespace Gateway.Worker.Delays;

/// <summary>
/// Says that transactional mail is late while it still is: after 5 minutes, 30 minutes and 4 hours, to the tenant as an
/// event of the delivery, to the operator as a metric, a line of the log and an event of the path it went over last.
/// Any number of workers may look; each delivery is told of once a mark.
/// </summary>
public sealed class DelayAlarm(
    [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger,
    CircuitJournal journal,
    TimeProvider clock,
    ILogger<DelayAlarm> log
) : BackgroundService
{
    private static readonly TimeSpan Each = TimeSpan.FromSeconds(10);

    /// <summary>A look that takes long is made less often: it never takes more than a tenth of a connection's time.</summary>
    private const int PauseByCost = 10;

    /// <summary>Where nothing was tried yet.</summary>
    private const string NoPath = "none";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var began = clock.GetTimestamp();
            var rest = TimeSpan.Zero;
            try
            {
                var told = await LookAsync(stoppingToken);
                // More are late than one statement tells of: the next one at once, but not faster than others can work.
                rest = told >= DelayStatement.AtOnce ? clock.GetElapsedTime(began) : Longer(began);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception problem) when (problem is NpgsqlException or IOException or TimeoutException)
            {
                WorkerLog.DelaysNotSeen(log, problem.Message);
                rest = Each;
            }

            await Task.Delay(rest, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Tells of what crossed a mark; returns how many.</summary>
    public async Task<long> LookAsync(CancellationToken cancel)
    {
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        await using var command = DelayStatement.Build(connection, clock.GetUtcNow());
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var told = 0L;
        while (await reader.ReadAsync(cancel))
        {
            told += reader.GetInt64(3);
            Tell(reader.GetString(0), reader.GetString(1), reader.GetInt16(2), reader.GetInt64(3), reader.GetDouble(4));
        }

        return told;
    }

    private void Tell(string path, string waitingFor, short mark, long count, double age)
    {
        GatewayTelemetry.Delayed.Add(count, new TagList { { "waiting_for", waitingFor }, { "after", After(mark) } });
        WorkerLog.MailIsLate(log, count, After(mark), waitingFor, path.Length > 0 ? path : NoPath);
        if (path.Length > 0)
        {
            journal.Tell(
                path,
                "mail.delayed",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{count} transactional deliveries that it had last wait for {waitingFor}, the oldest for {age:0} s"
                )
            );
        }
    }

    private static string After(short mark) =>
        mark switch
        {
            1 => "5m",
            2 => "30m",
            _ => "4h",
        };

    private TimeSpan Longer(long began)
    {
        var cost = clock.GetElapsedTime(began) * PauseByCost;
        return cost > Each ? cost : Each;
    }
}
