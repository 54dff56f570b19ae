using System.Threading.Channels;
using Gateway.Database;
using Gateway.Worker.Telemetry;
using Npgsql;

namespace Gateway.Worker.Health;

/// <summary>Tells the other workers, through the ledger, which words nobody is to believe on which path, and hears it from them.</summary>
public sealed class PathFreezes(
    [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger,
    BounceBreaker breaker,
    TimeProvider clock,
    ILogger<PathFreezes> log
) : BackgroundService
{
    private static readonly TimeSpan Each = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan HeldFor = TimeSpan.FromMinutes(30);

    private readonly Channel<(string Path, string Signature)> frozen = Channel.CreateBounded<(string, string)>(
        new BoundedChannelOptions(1_024) { FullMode = BoundedChannelFullMode.DropOldest }
    );

    private const string Write = """
        INSERT INTO path_freezes (path, signature, until) SELECT $1, $2, now() + $3
        WHERE EXISTS (SELECT FROM paths WHERE path = $1)
        ON CONFLICT (path, signature) DO UPDATE SET until = excluded.until
        """;

    private const string Read = "SELECT path, signature, until FROM path_freezes WHERE until > now()";

    public void Froze(string path, string reply) => frozen.Writer.TryWrite((path, ReplySignature.Of(reply)));

    /// <summary>An operator looked at the path.</summary>
    public async Task ForgetAsync(string path, CancellationToken cancel)
    {
        breaker.Forget(path);
        await using var command = ledger.CreateCommand("DELETE FROM path_freezes WHERE path = $1 OR until < now()");
        command.Parameters.AddWithValue(path);
        await command.ExecuteNonQueryAsync(cancel);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Each, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await ExchangeAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host ends.
        }
    }

    private async Task ExchangeAsync(CancellationToken cancel)
    {
        try
        {
            while (frozen.Reader.TryRead(out var one))
            {
                await using var write = ledger.CreateCommand(Write);
                write.Parameters.AddWithValue(one.Path);
                write.Parameters.AddWithValue(one.Signature.Replace("\0", "\uFFFD", StringComparison.Ordinal));
                write.Parameters.AddWithValue(HeldFor);
                await write.ExecuteNonQueryAsync(cancel);
            }

            await using var read = ledger.CreateCommand(Read);
            await using var reader = await read.ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel))
            {
                breaker.Freeze(reader.GetString(0), reader.GetString(1), reader.GetFieldValue<DateTimeOffset>(2));
            }
        }
        catch (Exception problem) when (problem is NpgsqlException or IOException or TimeoutException)
        {
            // Each worker has what it saw itself; the next second asks again.
            WorkerLog.PathsNotRead(log, problem.Message);
        }
    }
}
