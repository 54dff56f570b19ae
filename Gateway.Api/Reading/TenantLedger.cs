using Gateway.Database;
using Npgsql;

namespace Gateway.Api.Reading;

/// <summary>
/// The ledger as one tenant sees it. Every transaction names its tenant to row-level security before anything else, in
/// the same round trip; every statement says <c>tenant_id = $1</c> all the same (D1).
/// </summary>
internal sealed class TenantLedger([FromKeyedServices(LedgerRole.Door)] NpgsqlDataSource ledger)
{
    // Seconds. A reader that waits longer is better served by "come again".
    private const int Timeout = 10;

    /// <summary>Runs the queries as one round trip on one snapshot, so that what they tell agrees.</summary>
    public async Task<T> ReadAsync<T>(
        Guid tenant,
        IReadOnlyList<NpgsqlBatchCommand> queries,
        Func<NpgsqlDataReader, Task<T>> read,
        CancellationToken cancel
    )
    {
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        await using var batch = new NpgsqlBatch(connection) { Timeout = Timeout };
        batch.BatchCommands.Add(new NpgsqlBatchCommand("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
        batch.BatchCommands.Add(SetTenant(tenant));
        Add(batch, queries);
        batch.BatchCommands.Add(new NpgsqlBatchCommand("COMMIT"));
        await using var reader = await batch.ExecuteReaderAsync(cancel);
        await reader.NextResultAsync(cancel);
        return await read(reader);
    }

    /// <summary>
    /// Locks and reads, lets <paramref name="decide"/> choose what to write, writes it, commits. Null from
    /// <paramref name="read"/> means that there is nothing to decide on.
    /// </summary>
    public async Task<T?> ChangeAsync<T>(
        Guid tenant,
        IReadOnlyList<NpgsqlBatchCommand> locks,
        Func<NpgsqlDataReader, Task<T?>> read,
        Func<T, IReadOnlyList<NpgsqlBatchCommand>> decide,
        CancellationToken cancel
    )
        where T : class
    {
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var found = await LockAsync(connection, tenant, locks, read, cancel);
        if (found is null || decide(found) is not { Count: > 0 } writes)
        {
            return found;
        }

        await using var batch = new NpgsqlBatch(connection, transaction) { Timeout = Timeout };
        Add(batch, writes);
        await batch.ExecuteNonQueryAsync(cancel);
        await transaction.CommitAsync(cancel);
        return found;
    }

    private static async Task<T?> LockAsync<T>(
        NpgsqlConnection connection,
        Guid tenant,
        IReadOnlyList<NpgsqlBatchCommand> locks,
        Func<NpgsqlDataReader, Task<T?>> read,
        CancellationToken cancel
    )
        where T : class
    {
        await using var batch = new NpgsqlBatch(connection) { Timeout = Timeout };
        batch.BatchCommands.Add(SetTenant(tenant));
        // The event cursor waits for the oldest writer, so no write transaction may last: 5 s at most (D9).
        batch.BatchCommands.Add(
            new NpgsqlBatchCommand(
                "SELECT set_config('lock_timeout', '2s', true), set_config('statement_timeout', '4s', true)"
            )
        );
        Add(batch, locks);
        await using var reader = await batch.ExecuteReaderAsync(cancel);
        await reader.NextResultAsync(cancel);
        await reader.NextResultAsync(cancel);
        return await read(reader);
    }

    private static NpgsqlBatchCommand SetTenant(Guid tenant) =>
        new("SELECT set_config('gw.tenants', $1, true)")
        {
            Parameters = { new NpgsqlParameter<string> { TypedValue = $"{{{tenant}}}" } },
        };

    private static void Add(NpgsqlBatch batch, IEnumerable<NpgsqlBatchCommand> commands)
    {
        foreach (var command in commands)
        {
            batch.BatchCommands.Add(command);
        }
    }
}
