using Gateway.Database;
using Gateway.Worker.Health;
using Gateway.Worker.Telemetry;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Worker.Delivery;

/// <summary>
/// Refusals that wait for what their path answers to others: once it accepted a few, or was left altogether, they need
/// not wait any longer. Only a hint: whoever is not found here comes back when its time is over.
/// </summary>
public sealed class VerdictWaiters(
    [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger,
    BounceBreaker breaker,
    PathBlame blame,
    WorkerSignals signals,
    TimeProvider clock,
    ILogger<VerdictWaiters> log
) : BackgroundService
{
    /// <summary>Accepted after the refusal: the path does not say no to everybody.</summary>
    private const int Enough = 3;

    /// <summary>Remembered at once; the others wait their whole time.</summary>
    private const int Most = 10_000;

    private static readonly TimeSpan Each = TimeSpan.FromMilliseconds(500);

    private const string Make = """
        UPDATE deliveries_due d SET due_at = now()
        FROM (SELECT delivery_id FROM deliveries_due WHERE delivery_id = ANY ($1) AND waiting_for = 'verdict'
            AND lease_until IS NULL AND due_at > now() ORDER BY delivery_id FOR UPDATE SKIP LOCKED) w
        WHERE d.delivery_id = w.delivery_id
        """;

    private readonly Lock gate = new();
    private readonly Dictionary<Guid, Waiting> waiting = [];

    /// <summary>The delivery's refusal is about to be written down as waiting.</summary>
    /// <param name="wait">How long that is.</param>
    /// <param name="isKnown">True where its words are known: then what the path accepts speaks for them.</param>
    public void Expect(string path, Guid delivery, TimeSpan wait, bool isKnown)
    {
        lock (gate)
        {
            if (waiting.Count < Most)
            {
                var enough = isKnown ? breaker.AcceptedBy(path) + Enough : long.MaxValue;
                waiting[delivery] = new Waiting(path, enough, clock.GetUtcNow(), wait);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Each, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                if (Take() is { Length: > 0 } heard)
                {
                    await WakeAsync(heard, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host ends; each has its own time to come back.
        }
    }

    private Guid[] Take()
    {
        lock (gate)
        {
            if (waiting.Count == 0)
            {
                return [];
            }

            var heard = new List<Guid>();
            foreach (var (delivery, since) in waiting.ToArray())
            {
                var age = clock.GetUtcNow() - since.At;
                if (age > since.Wait)
                {
                    waiting.Remove(delivery);
                }
                else if (
                    age > Each
                    && (breaker.AcceptedBy(since.Path) >= since.Enough || blame.WasLeftSince(since.Path, since.At))
                )
                {
                    waiting.Remove(delivery);
                    heard.Add(delivery);
                }
            }

            return [.. heard];
        }
    }

    private async Task WakeAsync(Guid[] heard, CancellationToken cancel)
    {
        try
        {
            await using var command = ledger.CreateCommand(Make);
            command.Parameters.Add(new() { Value = heard, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid });
            if (await command.ExecuteNonQueryAsync(cancel) > 0)
            {
                signals.MailCameBack();
            }
        }
        catch (Exception problem) when (problem is NpgsqlException or IOException or TimeoutException)
        {
            WorkerLog.NotWoken(log, problem.Message);
        }
    }

    private readonly record struct Waiting(string Path, long Enough, DateTimeOffset At, TimeSpan Wait);
}
