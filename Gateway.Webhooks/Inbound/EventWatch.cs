using Gateway.Database;
using Npgsql;

namespace Gateway.Webhooks.Inbound;

/// <summary>
/// Once a minute, on one replica: are the events coming back? Where they do not it is told, and what the provider lets be
/// fetched is fetched until they do. Also drops what is old.
/// </summary>
internal sealed class EventWatch(
    [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger,
    EventPaths paths,
    EventReturns returns,
    EventFetch fetch,
    InboundUpkeep upkeep,
    AccountNews news,
    ILogger<EventWatch> log
) : BackgroundService
{
    /// <summary>Fewer tell nothing.</summary>
    private const int LeastSent = 20;

    /// <summary>Below it the events are missing; above the other they are back.</summary>
    private const double Missing = 0.5;
    private const double Back = 0.8;
    private static readonly TimeSpan Each = TimeSpan.FromMinutes(1);

    // Any number that nobody else locks.
    private const long LockKey = 0x6761_7465_7761_7914;

    private const string Silence = """
        UPDATE path_endpoints SET silent_since = now()
        WHERE path = $1 AND silent_since IS NULL
        """;

    private const string Sound =
        "UPDATE path_endpoints SET silent_since = NULL WHERE path = $1 AND silent_since IS NOT NULL";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        GatewayTelemetry.EventReturnRatio.From(() => returns.Measure(paths));
        using var timer = new PeriodicTimer(Each);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await TryAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Another replica goes on.
        }
    }

    /// <summary>One round, unless another replica is at it.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        var counted = await returns.CountAsync(cancel);
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        if (!await LockAsync(connection, "SELECT pg_try_advisory_lock($1)", cancel))
        {
            return;
        }

        try
        {
            foreach (var count in counted)
            {
                if (paths.Named(count.Path) is { } path && count.Sent >= LeastSent)
                {
                    await JudgeAsync(path, count, cancel);
                }
            }

            await fetch.RunAsync(cancel);
            await upkeep.RunAsync(cancel);
        }
        finally
        {
            // The connection goes back to the pool as it is, lock and all.
            await LockAsync(connection, "SELECT pg_advisory_unlock($1)", CancellationToken.None);
        }
    }

    private static async Task<bool> LockAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddWithValue(LockKey);
        return await command.ExecuteScalarAsync(cancel) is true;
    }

    private async Task TryAsync(CancellationToken cancel)
    {
        try
        {
            await RunAsync(cancel);
        }
        catch (Exception problem) when (problem is NpgsqlException or IOException or TimeoutException)
        {
            InboundLogLines.EventsWait(log, problem is PostgresException told ? told.SqlState : problem.Message);
        }
    }

    private async Task JudgeAsync(EventPath path, EventReturn count, CancellationToken cancel)
    {
        var data = new { count.Sent, count.Answered };
        if (count.Ratio < Missing && await MarkAsync(Silence, path.Name, cancel))
        {
            InboundLogLines.EventsMissing(log, path.Name, count.Answered, count.Sent);
            await news.TellAsync(
                path.Name,
                "events.missing",
                $"{count.Answered} of {count.Sent} deliveries that were sent 15 to 75 minutes ago had an end; is the provider's webhook set up?",
                data,
                cancel
            );
        }
        else if (count.Ratio >= Back && await MarkAsync(Sound, path.Name, cancel))
        {
            InboundLogLines.EventsBack(log, path.Name);
            await news.TellAsync(path.Name, "events.back", "events come back again", data, cancel);
        }
    }

    private async Task<bool> MarkAsync(string sql, string path, CancellationToken cancel)
    {
        await using var command = ledger.CreateCommand(sql);
        command.Parameters.AddWithValue(path);
        return await command.ExecuteNonQueryAsync(cancel) > 0;
    }
}
