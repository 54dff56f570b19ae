using Gateway.Ledger;
using Npgsql;

namespace Gateway.Worker.Cohorts;

/// <summary>
/// One step of one job: take, lock, decide, write, in one transaction. A worker that dies in the middle has done nothing,
/// and the next one takes the same deliveries.
/// </summary>
internal sealed class CohortStep(NpgsqlDataSource ledger, TimeProvider clock)
{
    // Write transactions are short: the event cursor waits for the oldest (D9).
    private const string Hurry = "SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '4s'";

    // What is long over is forgotten with the days that it was about.
    private const string Forget = """
        WITH old AS (
            DELETE FROM cohorts WHERE cohort_id IN (SELECT cohort_id FROM cohorts
                WHERE state <> 'running' AND finished_at < now() - interval '65 days' LIMIT 1)
            RETURNING cohort_id
        )
        DELETE FROM cohort_deliveries x USING old WHERE x.cohort_id = old.cohort_id
        """;

    /// <returns>The job and how many deliveries it acted on; null where none is due but those in <paramref name="done"/>.</returns>
    public async Task<(Guid Job, int Acted)?> RunAsync(IReadOnlyCollection<Guid> done, CancellationToken cancel)
    {
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await using (var hurry = new NpgsqlCommand(Hurry, connection))
        {
            await hurry.ExecuteNonQueryAsync(cancel);
        }

        if (await CohortReading.TakeAsync(connection, done, cancel) is not { } job)
        {
            return null;
        }

        var picked = await CohortReading.PickAsync(connection, job, cancel);
        var items = picked.Count == 0 ? [] : await CohortReading.LockAsync(connection, job, picked, cancel);
        var plans = CohortPlanning.Decide(job, items);
        await using var batch = new NpgsqlBatch(connection, transaction);
        foreach (
            var command in picked.Count == 0
                ? [CohortWriting.FinishCommand(job)]
                : CohortWriting.Build(
                    job,
                    plans,
                    [.. picked.Select(p => p.Delivery).Except(items.Select(i => i.Delivery))],
                    clock.GetUtcNow()
                )
        )
        {
            batch.BatchCommands.Add(command);
        }

        await batch.ExecuteNonQueryAsync(cancel);
        await transaction.CommitAsync(CancellationToken.None);
        var acted = plans.Count(p => p.State is not null || p.ResentAs is not null);
        if (acted > 0)
        {
            // After the commit, never in it (D8).
            await using var tell = new NpgsqlCommand($"NOTIFY {WakeUp.Channel}", connection);
            await tell.ExecuteNonQueryAsync(CancellationToken.None);
        }

        return (job.Id, acted);
    }

    /// <summary>Drops jobs that ended long ago, one in a statement.</summary>
    public async Task ForgetAsync(CancellationToken cancel)
    {
        await using var command = ledger.CreateCommand(Forget);
        while (await command.ExecuteNonQueryAsync(cancel) > 0)
        {
            // Until none is left.
        }
    }
}
