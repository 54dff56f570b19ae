using Npgsql;
using NpgsqlTypes;

namespace Gateway.Api.Acceptance;

/// <summary>After a connection was lost during COMMIT: which of the messages did the ledger keep?</summary>
internal static class CommitLookUp
{
    private const string Find = """
        SELECT m.message_id FROM unnest($1::uuid[], $2::uuid[]) AS w (tenant_id, message_id)
        JOIN messages m ON m.tenant_id = w.tenant_id AND m.message_id = w.message_id
        """;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// The messages that are there, or null where the database did not answer in time. Who was suppressed is not
    /// known here; the ledger knows, and the answer shows all of them as queued.
    /// </summary>
    public static async Task<IReadOnlyDictionary<Guid, IReadOnlySet<int>>?> FindAsync(
        NpgsqlDataSource ledger,
        IReadOnlyList<Submission> messages,
        TimeSpan within,
        TimeProvider clock
    )
    {
        var began = clock.GetTimestamp();
        using var deadline = new CancellationTokenSource(within, clock);
        while (clock.GetElapsedTime(began) < within)
        {
            try
            {
                return await AskAsync(ledger, messages, deadline.Token);
            }
            catch (Exception problem)
                when (problem is NpgsqlException or TimeoutException or IOException or OperationCanceledException)
            {
                try
                {
                    await Task.Delay(Pause, clock, deadline.Token);
                }
                catch (OperationCanceledException)
                {
                    return null;
                }
            }
        }

        return null;
    }

    private static async Task<IReadOnlyDictionary<Guid, IReadOnlySet<int>>> AskAsync(
        NpgsqlDataSource ledger,
        IReadOnlyList<Submission> messages,
        CancellationToken cancel
    )
    {
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(AcceptanceStatement.TenantsCommand(messages));
        var find = new NpgsqlBatchCommand(Find);
        find.Parameters.Add(
            new()
            {
                Value = messages.Select(m => m.TenantId).ToArray(),
                NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid,
            }
        );
        find.Parameters.Add(
            new()
            {
                Value = messages.Select(m => m.MessageId).ToArray(),
                NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid,
            }
        );
        batch.BatchCommands.Add(find);
        await using var reader = await batch.ExecuteReaderAsync(cancel);
        await reader.NextResultAsync(cancel);
        var found = new Dictionary<Guid, IReadOnlySet<int>>();
        while (await reader.ReadAsync(cancel))
        {
            found[reader.GetGuid(0)] = new HashSet<int>();
        }

        return found;
    }
}
