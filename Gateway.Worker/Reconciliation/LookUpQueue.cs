using Gateway.Database;
using Gateway.Providers;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Worker.Reconciliation;

/// <summary>One unknown delivery that is to be asked for.</summary>
/// <param name="Tries">Of asking, this one included.</param>
public sealed record LookUpTask(Guid TenantId, Guid MessageId, string Path, int Tries, SentMail Sent);

/// <summary>
/// Which unknown deliveries are to be asked for, and when: rows of their own, so that asking touches nothing that a
/// claim looks at. A row whose time came is moved on before anybody is asked: that is its lease.
/// </summary>
public sealed class LookUpQueue([FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger)
{
    /// <summary>Longer than an answer takes: a worker that died with it is followed by another.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    private const string Note = """
        INSERT INTO look_ups AS l (delivery_id, tenant_id, message_id, attempt, next_at)
        SELECT q.delivery_id, q.tenant_id, q.message_id, d.attempts, now()
        FROM deliveries_due q CROSS JOIN LATERAL (
            SELECT attempts FROM deliveries x WHERE x.tenant_id = q.tenant_id AND x.message_id = q.message_id
                AND x.delivery_id = q.delivery_id AND x.state = 'unknown' AND x.path = ANY ($1) LIMIT 1) d
        WHERE q.waiting_for = 'reconciliation' AND q.lease_until IS NULL
            AND NOT EXISTS (SELECT FROM look_ups o WHERE o.delivery_id = q.delivery_id AND o.attempt = d.attempts)
        ORDER BY q.delivery_id LIMIT 1000
        ON CONFLICT (delivery_id) DO UPDATE SET attempt = excluded.attempt, next_at = excluded.next_at, tries = 0
        """;

    // What is not unknown any more, or was tried again, needs no answer.
    private const string Claim = """
        WITH due AS MATERIALIZED (
            SELECT delivery_id FROM look_ups WHERE next_at <= now() ORDER BY next_at LIMIT $1 FOR UPDATE SKIP LOCKED
        ), asked AS (
            UPDATE look_ups l SET next_at = now() + $2, tries = l.tries + 1 FROM due WHERE l.delivery_id = due.delivery_id
            RETURNING l.delivery_id, l.tenant_id, l.message_id, l.attempt, l.tries
        )
        SELECT k.delivery_id, k.tenant_id, k.message_id, k.attempt, k.tries, a.path, d.recipient, m.from_domain, a.begun_at,
            coalesce(d.state = 'unknown' AND d.attempts = k.attempt, false)
        FROM asked k
        LEFT JOIN LATERAL (SELECT * FROM deliveries x WHERE x.tenant_id = k.tenant_id AND x.message_id = k.message_id
            AND x.delivery_id = k.delivery_id LIMIT 1) d ON true
        LEFT JOIN LATERAL (SELECT from_domain FROM messages x WHERE x.tenant_id = k.tenant_id AND x.message_id = k.message_id
            LIMIT 1) m ON true
        LEFT JOIN LATERAL (SELECT path, begun_at FROM attempts x WHERE x.tenant_id = k.tenant_id AND x.message_id = k.message_id
            AND x.delivery_id = k.delivery_id AND x.number = k.attempt LIMIT 1) a ON true
        """;

    /// <summary>Takes up what became unknown on one of these paths since the last call.</summary>
    public async Task NoteAsync(string[] paths, CancellationToken cancel)
    {
        await using var command = ledger.CreateCommand(Note);
        command.Parameters.Add(new() { Value = paths, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        await command.ExecuteNonQueryAsync(cancel);
    }

    public async Task<IReadOnlyList<LookUpTask>> ClaimAsync(int most, CancellationToken cancel)
    {
        var tasks = new List<LookUpTask>();
        var settled = new List<Guid>();
        await using (var command = ledger.CreateCommand(Claim))
        {
            command.Parameters.AddWithValue(most);
            command.Parameters.AddWithValue(Lease);
            await using var r = await command.ExecuteReaderAsync(cancel);
            while (await r.ReadAsync(cancel))
            {
                if (r.GetBoolean(9) && !r.IsDBNull(5) && !r.IsDBNull(7))
                {
                    tasks.Add(Read(r));
                }
                else
                {
                    settled.Add(r.GetGuid(0));
                }
            }
        }

        foreach (var delivery in settled)
        {
            await ForgetAsync(delivery, cancel);
        }

        return tasks;
    }

    public Task ForgetAsync(Guid delivery, CancellationToken cancel) =>
        RunAsync("DELETE FROM look_ups WHERE delivery_id = $1", cancel, delivery);

    public Task AgainAsync(LookUpTask task, TimeSpan wait, CancellationToken cancel) =>
        RunAsync(
            "UPDATE look_ups SET next_at = now() + $2 WHERE delivery_id = $1 AND attempt = $3",
            cancel,
            task.Sent.DeliveryId,
            wait,
            task.Sent.Attempt
        );

    private static LookUpTask Read(NpgsqlDataReader r) =>
        new(
            r.GetGuid(1),
            r.GetGuid(2),
            r.GetString(5),
            r.GetInt32(4),
            new SentMail
            {
                DeliveryId = r.GetGuid(0),
                Attempt = r.GetInt32(3),
                Recipient = r.GetString(6),
                FromDomain = r.GetString(7),
                SentAt = r.GetFieldValue<DateTimeOffset>(8),
            }
        );

    private async Task RunAsync(string sql, CancellationToken cancel, params object[] values)
    {
        await using var command = ledger.CreateCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.AddWithValue(value);
        }

        await command.ExecuteNonQueryAsync(cancel);
    }
}
