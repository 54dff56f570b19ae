using Gateway.Batching;
using Gateway.Database;
using Gateway.Ledger;
using Gateway.Providers;
using Npgsql;

namespace Gateway.Worker.Delivery;

/// <summary>What Begin came to: the number of the attempt, or why nothing may be sent.</summary>
public readonly record struct Begun(BeginVerdict Verdict, int Attempt);

public enum BeginVerdict
{
    /// <summary>The mark is durable: send now.</summary>
    Send,

    /// <summary>The recipient was suppressed since acceptance; the delivery has ended.</summary>
    Suppressed,

    /// <summary>The lease is gone: cancelled, or another worker's.</summary>
    Lost,
}

public sealed record BeginItem(Claim Claim, string Path, bool MayDuplicate);

/// <param name="Attempt">0 where the step follows from no attempt.</param>
public sealed record RecordItem(Claim Claim, int Attempt, string? Path, SendResult? Result, NextStep Step)
{
    /// <summary>The attempt's result was recorded before; this is what follows from it.</summary>
    public bool IsKnown { get; init; }

    /// <summary>Nothing is judged by what comes of test mail.</summary>
    public bool IsTest { get; init; }
}

/// <summary>
/// The two durable marks around every send, each coalesced over the whole worker (D6): <em>begin</em> before the first
/// byte, <em>record</em> after the answer. Both hold only while the fence is ours.
/// </summary>
public sealed class AttemptJournal : IAsyncDisposable
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(250);
    private readonly NpgsqlDataSource ledger;
    private readonly WorkerSignals signals;
    private readonly TimeProvider clock;
    private readonly ILogger<AttemptJournal> log;
    private readonly LateResults late;
    private readonly GroupCommit<BeginItem, Begun> begins;
    private readonly GroupCommit<RecordItem, bool> records;

    public AttemptJournal(
        [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger,
        WorkerSignals signals,
        TimeProvider clock,
        ILogger<AttemptJournal> log
    )
    {
        (this.ledger, this.signals, this.clock, this.log) = (ledger, signals, clock, log);
        late = new LateResults(ledger, clock);
        begins = new(BeginAsync, new() { InFlight = 1 });
        records = new(RecordAsync, new() { InFlight = 1 });
    }

    /// <summary>True while results wait for a database that is away: no new mail may be claimed then.</summary>
    public bool IsBehind { get; private set; }

    public Task<Begun> BeginAsync(BeginItem item) => begins.WriteAsync(item);

    /// <summary>Kept and retried until the database takes it; false where the lease was lost meanwhile.</summary>
    public Task<bool> RecordAsync(RecordItem item) => records.WriteAsync(item);

    public async ValueTask DisposeAsync()
    {
        await begins.DisposeAsync();
        await records.DisposeAsync();
    }

    private async Task BeginAsync(IReadOnlyList<GroupCommit<BeginItem, Begun>.Pending> batch, CancellationToken cancel)
    {
        using var commit = new CommitSpan("begin", batch.Count);
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        await using var command = BeginStatement.Build(connection, [.. batch.Select(p => p.Item)], clock.GetUtcNow());
        var begun = new Dictionary<Guid, Begun>();
        await using (var reader = await command.ExecuteReaderAsync(cancel))
        {
            while (await reader.ReadAsync(cancel))
            {
                begun[reader.GetGuid(0)] = new Begun(
                    reader.GetBoolean(2) ? BeginVerdict.Suppressed : BeginVerdict.Send,
                    reader.GetInt32(1)
                );
            }
        }

        foreach (var pending in batch)
        {
            pending.TrySetResult(
                begun.GetValueOrDefault(pending.Item.Claim.DeliveryId, new Begun(BeginVerdict.Lost, 0))
            );
        }
    }

    private async Task RecordAsync(IReadOnlyList<GroupCommit<RecordItem, bool>.Pending> batch, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                await WriteAsync(batch, cancel);
                IsBehind = false;
                return;
            }
            catch (Exception problem) when (IsAway(problem))
            {
                // Mail was handed over: this is the only place that knows, so it is kept until it is written. Written
                // twice it does no harm: the second time the fence is gone or the row is.
                IsBehind = true;
                log.LogWarning(problem, "results of {Count} attempts wait for the database", batch.Count);
                await Task.Delay(RetryPause, clock, cancel);
            }
        }
    }

    private async Task WriteAsync(IReadOnlyList<GroupCommit<RecordItem, bool>.Pending> batch, CancellationToken cancel)
    {
        using var commit = new CommitSpan("record", batch.Count);
        var owned = new HashSet<Guid>();
        await using (var connection = await ledger.OpenConnectionAsync(cancel))
        {
            await using var command = RecordStatement.Build(
                connection,
                [.. batch.Select(p => p.Item)],
                clock.GetUtcNow()
            );
            await using var reader = await command.ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel))
            {
                owned.Add(reader.GetGuid(0));
            }
        }

        foreach (var pending in batch.Where(p => !owned.Contains(p.Item.Claim.DeliveryId)))
        {
            await late.AppendAsync(pending.Item, cancel);
        }

        if (batch.Any(p => p.Item.Step.DueIn == TimeSpan.Zero))
        {
            // Due at once, elsewhere.
            signals.MailCameBack();
        }

        foreach (var pending in batch)
        {
            pending.TrySetResult(owned.Contains(pending.Item.Claim.DeliveryId));
        }
    }

    private static bool IsAway(Exception problem) =>
        problem is NpgsqlException { IsTransient: true } or TimeoutException or IOException
        || problem is NpgsqlException and not PostgresException
        || problem is PostgresException { SqlState: ['5', '7', ..] or ['5', '3', ..] };
}
