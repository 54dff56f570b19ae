using Gateway.Batching;
using Gateway.Ledger;
using Npgsql;

namespace Gateway.Reports;

/// <summary>
/// Writes into the ledger what the outside says of deliveries, as <c>gw_worker</c>. Concurrent callers share a commit; a
/// report is recorded once, and changes nothing that a worker holds: what is on the network is reported early, and comes
/// again.
/// </summary>
public sealed class ReportRecorder : IAsyncDisposable
{
    /// <summary>Tries of a batch that met another writer in a circle of locks.</summary>
    private const int MostTries = 4;

    private readonly NpgsqlDataSource ledger;
    private readonly WakeUp wakeUp;
    private readonly TimeProvider clock;
    private readonly GroupCommit<DeliveryReport, ReportResult> commits;

    public ReportRecorder(NpgsqlDataSource ledger, WakeUp wakeUp, TimeProvider clock)
    {
        (this.ledger, this.wakeUp, this.clock) = (ledger, wakeUp, clock);
        commits = new(FlushAsync, new() { MaxItems = 512, InFlight = 2 });
    }

    /// <summary>
    /// One result for each report, in their order, after the commit. Throws where the database is away: then nothing of
    /// them, or all of some, was recorded, and bringing them again is safe for those that have a name.
    /// </summary>
    public async Task<IReadOnlyList<ReportResult>> RecordAsync(
        IReadOnlyList<DeliveryReport> reports,
        CancellationToken cancel = default
    )
    {
        var pending = new Task<ReportResult>[reports.Count];
        for (var i = 0; i < pending.Length; i++)
        {
            pending[i] = commits.WriteAsync(reports[i], cancel);
        }

        return await Task.WhenAll(pending);
    }

    public async ValueTask DisposeAsync()
    {
        await commits.DisposeAsync();
        await wakeUp.DisposeAsync();
    }

    private async Task FlushAsync(
        IReadOnlyList<GroupCommit<DeliveryReport, ReportResult>.Pending> batch,
        CancellationToken cancel
    )
    {
        using var span = new CommitSpan("report", batch.Count);
        var reports = batch.Select(p => p.Item).ToArray();
        var results = await WriteAsync(reports, cancel);
        for (var i = 0; i < batch.Count; i++)
        {
            batch[i].TrySetResult(results[i]);
        }
    }

    private async Task<ReportResult[]> WriteAsync(DeliveryReport[] reports, CancellationToken cancel)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await WriteOnceAsync(reports, cancel);
            }
            catch (PostgresException circle)
                when (circle.SqlState == PostgresErrorCodes.DeadlockDetected && tries < MostTries)
            {
                // The other one went on; now it is our turn.
            }
        }
    }

    private async Task<ReportResult[]> WriteOnceAsync(DeliveryReport[] reports, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var known = await ReportLocks.TakeAsync(connection, reports, cancel);
        var work = new ReportBatch(reports, known, now);
        work.Apply(await SeenReports.NoteAsync(connection, work.Names, now, cancel));
        await using var writes = ReportStatement.Build(connection, work.Touched, work.Events, work.PathBounces, now);
        if (writes.BatchCommands.Count > 0)
        {
            await writes.ExecuteNonQueryAsync(cancel);
        }

        await transaction.CommitAsync(cancel);
        if (work.Touched.Any(d => d.Queue == QueueMove.Again))
        {
            wakeUp.Ring();
        }

        return work.Results;
    }
}
