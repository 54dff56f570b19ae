using Gateway.Batching;
using Gateway.Database;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Webhooks.Inbound;

/// <summary>Writes requests down, many in one commit (D2), as <c>gw_accept</c>: it may add to the log and read nothing of it.</summary>
internal sealed class InboundJournal : IAsyncDisposable
{
    private const string NoteTokens = """
        INSERT INTO inbound_tokens (token, request, seen_at)
        SELECT t.token, t.request, $3 FROM unnest($1::uuid[], $2::bytea[]) AS t (token, request) ORDER BY t.token
        ON CONFLICT (token) DO NOTHING RETURNING token
        """;

    private const string ReadTokens = "SELECT token, request FROM inbound_tokens WHERE token = ANY ($1::uuid[])";

    private const string Store = """
        WITH stored AS (
            INSERT INTO inbound_events (inbound_id, path, provider, received_at, headers, body)
            SELECT e.id, e.path, e.provider, $6, e.headers::jsonb, e.body
            FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[]) AS e (id, path, provider, headers, body)
        )
        INSERT INTO inbound_due (inbound_id, due_at, size_bytes)
        SELECT d.id, clock_timestamp(), d.size FROM unnest($1::uuid[], $7::int[]) AS d (id, size)
        """;

    private readonly NpgsqlDataSource ledger;
    private readonly TimeProvider clock;
    private Action? listeners;
    private readonly GroupCommit<InboundRequest, InboundOutcome> commits;

    public InboundJournal([FromKeyedServices(LedgerRole.Accept)] NpgsqlDataSource ledger, TimeProvider clock)
    {
        (this.ledger, this.clock) = (ledger, clock);
        commits = new(WriteAsync, new() { SizeOf = r => r.Request.Body.Length, MaxWaiting = 4_096 });
    }

    /// <summary>From now on the listener is called after each commit.</summary>
    public void TellTo(Action listener) => listeners += listener;

    /// <summary>Waits for the commit. Throws where the ledger is away: then nothing may be promised.</summary>
    public Task<InboundOutcome> WriteAsync(InboundRequest request) => commits.WriteAsync(request);

    public ValueTask DisposeAsync() => commits.DisposeAsync();

    private async Task WriteAsync(
        IReadOnlyList<GroupCommit<InboundRequest, InboundOutcome>.Pending> batch,
        CancellationToken cancel
    )
    {
        using var span = new CommitSpan("inbound", batch.Count);
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var requests = batch.Select(p => p.Item).ToArray();
        var outcomes = await JudgeTokensAsync(connection, requests, cancel);
        var stored = requests.Where((_, i) => outcomes[i] == InboundOutcome.Stored).ToArray();
        if (stored.Length > 0)
        {
            await using var store = new NpgsqlCommand(Store, connection);
            new StatementColumns(store.Parameters)
                .Add(NpgsqlDbType.Uuid, stored, r => r.Id)
                .Add(NpgsqlDbType.Text, stored, r => r.Path)
                .Add(NpgsqlDbType.Text, stored, r => r.Provider)
                .Add(NpgsqlDbType.Text, stored, r => r.HeadersJson)
                .Add(NpgsqlDbType.Bytea, stored, r => r.Request.Body.ToArray())
                .Add(clock.GetUtcNow())
                .Add(NpgsqlDbType.Integer, stored, r => r.Request.Body.Length);
            await store.ExecuteNonQueryAsync(cancel);
        }

        await transaction.CommitAsync(cancel);
        for (var i = 0; i < outcomes.Length; i++)
        {
            batch[i].TrySetResult(outcomes[i]);
        }

        listeners?.Invoke();
    }

    /// <summary>A token counts for the request that came with it first; that one again is known, any other is forged.</summary>
    private async Task<InboundOutcome[]> JudgeTokensAsync(
        NpgsqlConnection connection,
        InboundRequest[] requests,
        CancellationToken cancel
    )
    {
        var outcomes = new InboundOutcome[requests.Length];
        var first = requests.Where(r => r.Token is not null).DistinctBy(r => r.TokenKey).ToArray();
        if (first.Length == 0)
        {
            return outcomes;
        }

        var isNew = new HashSet<Guid>();
        await using (var note = new NpgsqlCommand(NoteTokens, connection))
        {
            new StatementColumns(note.Parameters)
                .Add(NpgsqlDbType.Uuid, first, r => r.TokenKey!.Value)
                .Add(NpgsqlDbType.Bytea, first, r => r.BodyHash)
                .Add(clock.GetUtcNow());
            await using var reader = await note.ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel))
            {
                isNew.Add(reader.GetGuid(0));
            }
        }

        var known = first.ToDictionary(r => r.TokenKey!.Value, r => r.BodyHash);
        await using (var read = new NpgsqlCommand(ReadTokens, connection))
        {
            var old = known.Keys.Except(isNew).ToArray();
            new StatementColumns(read.Parameters).Add(NpgsqlDbType.Uuid, old, t => t);
            await using var reader = await read.ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel))
            {
                known[reader.GetGuid(0)] = reader.GetFieldValue<byte[]>(1);
            }
        }

        for (var i = 0; i < requests.Length; i++)
        {
            if (requests[i].TokenKey is { } token)
            {
                // The first of the batch spends it.
                outcomes[i] =
                    !known[token].AsSpan().SequenceEqual(requests[i].BodyHash) ? InboundOutcome.TokenReused
                    : isNew.Remove(token) ? InboundOutcome.Stored
                    : InboundOutcome.Known;
            }
        }

        return outcomes;
    }
}
