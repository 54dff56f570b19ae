using Gateway.Database;
using Gateway.Ledger;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Webhooks.Mail;

/// <summary>The mail that waits to be read, leased so that several replicas read it.</summary>
internal sealed class InboundMailLedger([FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger)
{
    /// <summary>Mails of one turn: with what is kept of each at its default, 16 MiB.</summary>
    public const int Batch = 64;

    /// <summary>
    /// Where a replica dies or the ledger goes away meanwhile, the mail is due again after so long. A turn takes a moment,
    /// and what two replicas record is recorded once.
    /// </summary>
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    private const string Take = """
        UPDATE inbound_mail SET due_at = now() + $1, tries = tries + 1
        WHERE mail_id = ANY (ARRAY(SELECT mail_id FROM inbound_mail WHERE state = 'new' AND due_at <= now()
            ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED))
        RETURNING mail_id, kind, delivery_id, coalesce(attempt, 0), mail_from, coalesce(content, ''), received_at, tries
        """;

    // Of one day each, by the id that names its message.
    private const string Owners = """
        SELECT w.delivery_id, a.tenant_id, d.recipient_key, m.stream
        FROM unnest($1::uuid[], $2::uuid[]) AS w (message_id, delivery_id)
        CROSS JOIN LATERAL (SELECT tenant_id FROM attempts x
            WHERE x.message_id = w.message_id AND x.delivery_id = w.delivery_id LIMIT 1) a
        CROSS JOIN LATERAL (SELECT recipient_key FROM deliveries x WHERE x.tenant_id = a.tenant_id
            AND x.message_id = w.message_id AND x.delivery_id = w.delivery_id LIMIT 1) d
        CROSS JOIN LATERAL (SELECT stream FROM messages x WHERE x.tenant_id = a.tenant_id
            AND x.message_id = w.message_id LIMIT 1) m
        """;

    private const string End = """
        UPDATE inbound_mail m SET state = e.state, outcome = e.outcome, problem = e.problem,
            due_at = coalesce(now() + e.again, m.due_at), tries = CASE WHEN e.again IS NULL THEN m.tries ELSE 0 END,
            done_at = CASE WHEN e.state <> 'new' THEN now() END
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::interval[]) AS e (mail_id, state, outcome, problem, again)
        WHERE m.mail_id = e.mail_id AND m.state = 'new'
        """;

    private const string Forget = """
        WITH gone AS (
            DELETE FROM inbound_mail WHERE mail_id = ANY (ARRAY(
                SELECT mail_id FROM inbound_mail WHERE received_at < now() - interval '30 days' LIMIT 500)) RETURNING 1
        ), emptied AS (
            UPDATE inbound_mail SET content = NULL WHERE mail_id = ANY (ARRAY(
                SELECT mail_id FROM inbound_mail WHERE received_at < now() - interval '7 days'
                    AND received_at >= now() - interval '30 days' AND state = 'done' AND content IS NOT NULL LIMIT 500)) RETURNING 1
        )
        SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM emptied)
        """;

    public async Task<IReadOnlyList<StoredMail>> TakeAsync(CancellationToken cancel)
    {
        await using var command = ledger.CreateCommand(Take);
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = Lease });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Batch });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var mails = new List<StoredMail>();
        while (await reader.ReadAsync(cancel))
        {
            mails.Add(
                new StoredMail(
                    reader.GetGuid(0),
                    reader.GetString(1),
                    reader.GetGuid(2),
                    reader.GetInt32(3),
                    reader.GetString(4),
                    reader.GetFieldValue<byte[]>(5),
                    reader.GetFieldValue<DateTimeOffset>(6),
                    reader.GetInt32(7)
                )
            );
        }

        return mails;
    }

    /// <summary>By delivery; those that the ledger does not know, or no longer, are not in it.</summary>
    public async Task<IReadOnlyDictionary<Guid, MailOwner>> OwnersAsync(
        IReadOnlyList<StoredMail> mails,
        CancellationToken cancel
    )
    {
        var deliveries = mails.Select(m => m.DeliveryId).Distinct().ToArray();
        await using var command = ledger.CreateCommand(Owners);
        Add(command, NpgsqlDbType.Uuid, Array.ConvertAll(deliveries, LedgerId.MessageOf));
        Add(command, NpgsqlDbType.Uuid, deliveries);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var owners = new Dictionary<Guid, MailOwner>();
        while (await reader.ReadAsync(cancel))
        {
            owners[reader.GetGuid(0)] = new MailOwner(reader.GetGuid(1), reader.GetString(2), reader.GetString(3));
        }

        return owners;
    }

    public async Task EndAsync(IReadOnlyList<MailEnd> ends, CancellationToken cancel)
    {
        await using var command = ledger.CreateCommand(End);
        Add(command, NpgsqlDbType.Uuid, [.. ends.Select(e => e.Id)]);
        Add(command, NpgsqlDbType.Text, [.. ends.Select(e => e.State)]);
        Add(command, NpgsqlDbType.Text, [.. ends.Select(e => e.Outcome)]);
        Add(command, NpgsqlDbType.Text, [.. ends.Select(e => e.Problem)]);
        Add(command, NpgsqlDbType.Interval, [.. ends.Select(e => e.Again)]);
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>Empties and drops what is old.</summary>
    public async Task ForgetAsync(CancellationToken cancel)
    {
        await using var command = ledger.CreateCommand(Forget);
        while (await command.ExecuteScalarAsync(cancel) is > 0L) { }
    }

    private static void Add<T>(NpgsqlCommand command, NpgsqlDbType element, T[] values) =>
        command.Parameters.Add(
            new NpgsqlParameter<T[]> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | element }
        );
}
