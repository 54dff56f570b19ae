using Gateway.Database;
using Gateway.Ledger;
using Gateway.Mail;
using Gateway.Providers;
using Gateway.Routing;
using Gateway.Worker.Telemetry;
using Npgsql;

namespace Gateway.Worker.Health;

/// <summary>
/// Feeds the circuits with what paths bounced later, after they had taken it (D10): whoever recorded the reports wrote the
/// sums among the path's events, by domain of the recipients; every worker reads them.
/// </summary>
public sealed class ReportedBounces(
    [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger,
    CircuitBoard board,
    TimeProvider clock,
    ILogger<ReportedBounces> log
) : BackgroundService
{
    /// <summary>Rows of one look; more of them say nothing more.</summary>
    private const int AtOnce = 500;
    private static readonly TimeSpan Each = TimeSpan.FromSeconds(2);

    /// <summary>Ids are made on other machines before their commit: each look goes back so far, and skips what it saw.</summary>
    private static readonly TimeSpan Overlap = TimeSpan.FromSeconds(15);

    private const string Read = """
        SELECT event_id, path, reason, data ->> 'subject', data ->> 'outcome' FROM path_events
        WHERE event_id >= $1 AND type = 'path.bounces' ORDER BY event_id DESC LIMIT $2
        """;

    private HashSet<Guid> seen = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Each, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await TryAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The host ends.
        }
    }

    /// <summary>Reads what is new.</summary>
    public async Task LookAsync(CancellationToken cancel)
    {
        await using var command = ledger.CreateCommand(Read);
        command.Parameters.AddWithValue(LedgerId.FirstOf(clock.GetUtcNow() - Overlap));
        command.Parameters.AddWithValue(AtOnce);
        var now = new HashSet<Guid>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            var id = reader.GetGuid(0);
            now.Add(id);
            if (!seen.Contains(id) && Enum.TryParse<Outcome>(reader.GetString(4), out var outcome))
            {
                var reply = reader.IsDBNull(2) ? "" : reader.GetString(2);
                board.Saw(
                    reader.GetString(1),
                    new SendResult(outcome, OutcomeScope.RemoteDomain, "Event", reply),
                    About(reader.GetString(3))
                );
            }
        }

        seen = now;
    }

    private async Task TryAsync(CancellationToken cancel)
    {
        try
        {
            await LookAsync(cancel);
        }
        catch (Exception problem) when (problem is NpgsqlException or IOException or TimeoutException)
        {
            WorkerLog.PathsNotRead(log, problem.Message);
        }
    }

    /// <summary>Whose mail it was does not matter: the circuit is of that domain of recipients.</summary>
    private RouteQuery About(string remoteDomain) =>
        new()
        {
            Tenant = Guid.Empty,
            Mode = "live",
            Stream = "",
            FromAddress = "",
            FromDomain = "",
            RecipientDomain = remoteDomain,
            Size = 0,
            Now = clock.GetUtcNow(),
        };
}
