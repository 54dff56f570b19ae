using System.Collections.Immutable;
using Gateway.Database;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Reports;

/// <summary>
/// Finds the deliveries of a batch of reports and locks them in the order of all writers: the queue's rows first, then the
/// deliveries, each by id.
/// </summary>
internal static class ReportLocks
{
    // Of one day each, by the id that names its message.
    private const string FindAttempts = """
        SELECT a.delivery_id, a.tenant_id, a.number, a.path
        FROM unnest($1::uuid[], $2::uuid[]) AS w (message_id, delivery_id)
        CROSS JOIN LATERAL (SELECT * FROM attempts x
            WHERE x.message_id = w.message_id AND x.delivery_id = w.delivery_id) a
        """;

    private const string LockQueue = """
        SELECT delivery_id, begun AND lease_until IS NOT NULL FROM deliveries_due
        WHERE delivery_id = ANY ($1::uuid[]) ORDER BY delivery_id FOR UPDATE
        """;

    // A statement of its own, and so with a newer snapshot: what a worker wrote while we waited for its row is seen.
    private const string LockDeliveries = """
        SELECT d.delivery_id, d.tenant_id, d.message_id, d.state, d.cause, d.attempts, d.sequence, d.avoid, d.path_bounces,
            split_part(d.recipient_key, '@', 2), m.stream
        FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS w (tenant_id, message_id, delivery_id)
        CROSS JOIN LATERAL (SELECT * FROM deliveries x
            WHERE x.tenant_id = w.tenant_id AND x.message_id = w.message_id AND x.delivery_id = w.delivery_id
            LIMIT 1 FOR UPDATE) d
        CROSS JOIN LATERAL (SELECT stream FROM messages x
            WHERE x.tenant_id = w.tenant_id AND x.message_id = w.message_id LIMIT 1) m
        """;

    public static async Task<Dictionary<Guid, KnownDelivery>> TakeAsync(
        NpgsqlConnection connection,
        IReadOnlyList<DeliveryReport> reports,
        CancellationToken cancel
    )
    {
        var wanted = reports
            .Select(r => (r.MessageId, r.DeliveryId))
            .Distinct()
            .OrderBy(w => w.DeliveryId, LedgerOrder)
            .ToArray();
        var attempts = new Dictionary<Guid, (Guid Tenant, List<PastAttempt> Attempts)>();
        var onTheNetwork = new HashSet<Guid>();
        await using (var batch = new NpgsqlBatch(connection))
        {
            var find = new NpgsqlBatchCommand(FindAttempts);
            new StatementColumns(find.Parameters)
                .Add(NpgsqlDbType.Uuid, wanted, w => w.MessageId)
                .Add(NpgsqlDbType.Uuid, wanted, w => w.DeliveryId);
            batch.BatchCommands.Add(find);
            var queue = new NpgsqlBatchCommand(LockQueue);
            new StatementColumns(queue.Parameters).Add(NpgsqlDbType.Uuid, wanted, w => w.DeliveryId);
            batch.BatchCommands.Add(queue);
            await using var reader = await batch.ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel))
            {
                if (!attempts.TryGetValue(reader.GetGuid(0), out var known))
                {
                    attempts[reader.GetGuid(0)] = known = (reader.GetGuid(1), []);
                }

                known.Attempts.Add(new PastAttempt(reader.GetInt32(2), reader.GetString(3)));
            }

            await reader.NextResultAsync(cancel);
            while (await reader.ReadAsync(cancel))
            {
                if (reader.GetBoolean(1))
                {
                    onTheNetwork.Add(reader.GetGuid(0));
                }
            }
        }

        var ours = wanted.Where(w => attempts.ContainsKey(w.DeliveryId)).ToArray();
        var found = new Dictionary<Guid, KnownDelivery>(ours.Length);
        if (ours.Length == 0)
        {
            return found;
        }

        await using var command = new NpgsqlCommand(LockDeliveries, connection);
        new StatementColumns(command.Parameters)
            .Add(NpgsqlDbType.Uuid, ours, w => attempts[w.DeliveryId].Tenant)
            .Add(NpgsqlDbType.Uuid, ours, w => w.MessageId)
            .Add(NpgsqlDbType.Uuid, ours, w => w.DeliveryId);
        await using var rows = await command.ExecuteReaderAsync(cancel);
        while (await rows.ReadAsync(cancel))
        {
            var id = rows.GetGuid(0);
            found[id] = Read(rows, attempts[id].Attempts, onTheNetwork.Contains(id));
        }

        return found;
    }

    /// <summary>As PostgreSQL compares uuids: by their bytes in network order.</summary>
    internal static readonly IComparer<Guid> LedgerOrder = Comparer<Guid>.Create(
        (a, b) => a.ToByteArray(bigEndian: true).AsSpan().SequenceCompareTo(b.ToByteArray(bigEndian: true))
    );

    private static KnownDelivery Read(NpgsqlDataReader row, List<PastAttempt> attempts, bool onTheNetwork) =>
        new()
        {
            DeliveryId = row.GetGuid(0),
            TenantId = row.GetGuid(1),
            MessageId = row.GetGuid(2),
            Stream = row.GetString(10),
            RecipientDomain = row.GetString(9),
            Attempts = attempts,
            Sequence = row.GetInt32(6),
            Picture = new()
            {
                State = row.GetString(3),
                Cause = row.IsDBNull(4) ? null : row.GetString(4),
                LastAttempt = row.GetInt32(5),
                IsOnTheNetwork = onTheNetwork,
                Avoid = row.IsDBNull(7) ? [] : [.. row.GetFieldValue<string[]>(7)],
                PathBounces = row.GetInt16(8),
            },
        };
}
