using Gateway.Batching;
using Gateway.Database;
using Gateway.Ledger;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Webhooks.Mail;

/// <summary>
/// Keeps mail as it came before its sender hears 250, many in one commit. Whoever hears anything else comes again; a copy
/// that is kept twice is recorded once.
/// </summary>
internal sealed class InboundMailStore : IAsyncDisposable
{
    private const string Insert = """
        INSERT INTO inbound_mail (mail_id, kind, delivery_id, attempt, mail_from, peer, content, size_bytes)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::int[], $5::text[], $6::text[], $7::bytea[], $8::int[])
        """;

    private readonly NpgsqlDataSource ledger;
    private readonly InboundMailBell bell;
    private readonly TimeProvider clock;
    private readonly GroupCommit<InboundMail, bool> commits;

    public InboundMailStore(
        [FromKeyedServices(LedgerRole.Accept)] NpgsqlDataSource ledger,
        InboundMailBell bell,
        TimeProvider clock
    )
    {
        (this.ledger, this.bell, this.clock) = (ledger, bell, clock);
        commits = new(StoreAsync, new() { SizeOf = mail => mail.Content.Length });
    }

    /// <summary>Returns when the mail is durable; throws when nobody can say that it is.</summary>
    public Task KeepAsync(IEnumerable<InboundMail> mails) =>
        Task.WhenAll(mails.Select(mail => commits.WriteAsync(mail)));

    public ValueTask DisposeAsync() => commits.DisposeAsync();

    private async Task StoreAsync(IReadOnlyList<GroupCommit<InboundMail, bool>.Pending> batch, CancellationToken cancel)
    {
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        await using var command = new NpgsqlCommand(Insert, connection);
        var now = clock.GetUtcNow();
        Add(command, NpgsqlDbType.Uuid, batch, _ => LedgerId.New(now));
        Add(command, NpgsqlDbType.Text, batch, m => InboundMailKind.Of(m.Target.Kind));
        Add(command, NpgsqlDbType.Uuid, batch, m => m.Target.DeliveryId);
        Add(command, NpgsqlDbType.Integer, batch, m => m.Target.Attempt);
        Add(command, NpgsqlDbType.Text, batch, m => m.MailFrom);
        Add(command, NpgsqlDbType.Text, batch, m => m.Peer);
        Add(command, NpgsqlDbType.Bytea, batch, m => m.Content);
        Add(command, NpgsqlDbType.Integer, batch, m => m.Size);
        await command.ExecuteNonQueryAsync(cancel);
        foreach (var pending in batch)
        {
            pending.TrySetResult(true);
        }

        bell.Ring();
    }

    private static void Add<T>(
        NpgsqlCommand command,
        NpgsqlDbType element,
        IReadOnlyList<GroupCommit<InboundMail, bool>.Pending> batch,
        Func<InboundMail, T> value
    ) =>
        command.Parameters.Add(
            new NpgsqlParameter<T[]>
            {
                TypedValue = [.. batch.Select(p => value(p.Item))],
                NpgsqlDbType = NpgsqlDbType.Array | element,
            }
        );
}

/// <summary>Tells the reader of this replica that mail came; another replica's looks every second.</summary>
internal sealed class InboundMailBell : IDisposable
{
    private readonly SemaphoreSlim rung = new(0, 1);

    public void Ring()
    {
        try
        {
            rung.Release();
        }
        catch (SemaphoreFullException)
        {
            // It rings already.
        }
    }

    public Task WaitAsync(TimeSpan most, CancellationToken cancel) => rung.WaitAsync(most, cancel);

    public void Dispose() => rung.Dispose();
}
