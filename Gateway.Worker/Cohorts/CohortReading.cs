using System.Buffers.Binary;
using Gateway.Cohorts;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Worker.Cohorts;

/// <summary>
/// Takes a job and locks its next deliveries in the order of all other writers: the message, the queue's rows, the
/// deliveries' rows, each by id.
/// </summary>
internal static class CohortReading
{
    /// <summary>Deliveries in one transaction: it stays far below the 5 s that events wait for at most (D9).</summary>
    private const int Most = 500;

    // The row lock is the lease: it ends with the transaction, however that ends, and no two workers pace one job.
    private const string Take = """
        SELECT c.cohort_id, c.action, c.tenant_id IS NULL, c.path, c.rate,
            extract(epoch FROM clock_timestamp() - c.paced_at)::float8, c.lift_bounces
        FROM cohorts c
        WHERE c.state = 'running' AND c.paced_at <= clock_timestamp() AND c.cohort_id <> ALL ($1)
        ORDER BY c.paced_at LIMIT 1 FOR UPDATE SKIP LOCKED
        """;

    private const string Pick = """
        SELECT tenant_id, message_id, delivery_id FROM cohort_deliveries
        WHERE cohort_id = $1 AND outcome IS NULL ORDER BY delivery_id LIMIT $2
        """;

    private const string LockMessages = "SELECT pg_advisory_xact_lock(k) FROM unnest($1::bigint[]) AS k";

    private const string LockQueue =
        "SELECT FROM deliveries_due WHERE delivery_id = ANY ($1) ORDER BY delivery_id FOR UPDATE";

    private const string LockDeliveries = """
        SELECT FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS w (tenant_id, message_id, delivery_id)
        CROSS JOIN LATERAL (SELECT FROM deliveries x
            WHERE x.tenant_id = w.tenant_id AND x.message_id = w.message_id AND x.delivery_id = w.delivery_id
            LIMIT 1 FOR UPDATE) d
        """;

    // A statement of its own, and so with a newer snapshot: what others wrote while we waited for their rows is seen.
    private const string ReadFacts = """
        SELECT w.tenant_id, w.message_id, w.delivery_id, d.state, d.cause, d.path, d.sequence, m.stream,
            coalesce((SELECT q.begun FROM deliveries_due q WHERE q.delivery_id = w.delivery_id), false),
            EXISTS (SELECT FROM deliveries r
                WHERE r.tenant_id = w.tenant_id AND r.message_id = w.message_id AND r.resend_of = w.delivery_id),
            EXISTS (SELECT FROM bodies b
                WHERE b.tenant_id = w.tenant_id AND b.message_id = m.body_message_id AND b.content IS NOT NULL),
            coalesce(m.deadline_at <= now(), false),
            EXISTS (SELECT FROM suppressions s
                WHERE s.tenant_id = w.tenant_id AND s.address = d.recipient_key AND s.stream = m.stream
                    AND (s.expires_at IS NULL OR s.expires_at > now())
                    AND NOT ($4 AND s.reason IN ('hard_bounce', 'soft_bounce'))),
            (SELECT x.delivery_id FROM deliveries x WHERE x.tenant_id = w.tenant_id AND x.message_id = w.message_id
                ORDER BY x.delivery_id DESC LIMIT 1)
        FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS w (tenant_id, message_id, delivery_id)
        CROSS JOIN LATERAL (SELECT * FROM deliveries x
            WHERE x.tenant_id = w.tenant_id AND x.message_id = w.message_id AND x.delivery_id = w.delivery_id
            LIMIT 1) d
        CROSS JOIN LATERAL (SELECT * FROM messages x
            WHERE x.tenant_id = w.tenant_id AND x.message_id = w.message_id LIMIT 1) m
        """;

    /// <summary>The job that waited longest of those not in <paramref name="done"/>; null where none is due.</summary>
    public static async Task<CohortJob?> TakeAsync(
        NpgsqlConnection connection,
        IReadOnlyCollection<Guid> done,
        CancellationToken cancel
    )
    {
        await using var command = new NpgsqlCommand(Take, connection);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. done] });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        if (!await reader.ReadAsync(cancel))
        {
            return null;
        }

        var (rate, waited) = (reader.GetDouble(4), Math.Min(reader.GetDouble(5), 1));
        return new CohortJob(
            reader.GetGuid(0),
            reader.GetString(1),
            // What its maker may not end was left out when the job was made.
            reader.GetBoolean(2)
                ? Asker.Operator
                : Asker.TenantInCharge,
            reader.IsDBNull(3) ? null : reader.GetString(3),
            reader.GetBoolean(6),
            // Never more at once than a second brings, however long nobody looked.
            Math.Min(Most, 1 + (int)(rate * waited))
        );
    }

    /// <summary>The next deliveries by id; empty where all had their turn.</summary>
    public static async Task<IReadOnlyList<(Guid Tenant, Guid Message, Guid Delivery)>> PickAsync(
        NpgsqlConnection connection,
        CohortJob job,
        CancellationToken cancel
    )
    {
        await using var command = new NpgsqlCommand(Pick, connection);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = job.Id });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = job.Most });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var picked = new List<(Guid, Guid, Guid)>();
        while (await reader.ReadAsync(cancel))
        {
            picked.Add((reader.GetGuid(0), reader.GetGuid(1), reader.GetGuid(2)));
        }

        return picked;
    }

    /// <summary>Those that are still there; a day may have been dropped meanwhile.</summary>
    public static async Task<IReadOnlyList<CohortItem>> LockAsync(
        NpgsqlConnection connection,
        CohortJob job,
        IReadOnlyList<(Guid Tenant, Guid Message, Guid Delivery)> picked,
        CancellationToken cancel
    )
    {
        var tenants = picked.Select(p => p.Tenant).ToArray();
        var messages = picked.Select(p => p.Message).ToArray();
        var deliveries = picked.Select(p => p.Delivery).ToArray();
        await using var batch = new NpgsqlBatch(connection);
        Add(batch, LockMessages).Parameters.Add(Array([.. messages.Select(LockKey).Distinct().Order()]));
        Add(batch, LockQueue).Parameters.Add(Array(deliveries));
        foreach (var sql in (string[])[LockDeliveries, ReadFacts])
        {
            var command = Add(batch, sql);
            command.Parameters.Add(Array(tenants));
            command.Parameters.Add(Array(messages));
            command.Parameters.Add(Array(deliveries));
        }

        batch.BatchCommands[^1].Parameters.Add(new NpgsqlParameter<bool> { TypedValue = job.LiftBounces });

        await using var reader = await batch.ExecuteReaderAsync(cancel);
        for (var before = 0; before < 3; before++)
        {
            await reader.NextResultAsync(cancel);
        }

        var items = new List<CohortItem>(picked.Count);
        while (await reader.ReadAsync(cancel))
        {
            items.Add(Read(reader));
        }

        return items;
    }

    private static CohortItem Read(NpgsqlDataReader r) =>
        new(
            r.GetGuid(0),
            r.GetGuid(1),
            r.GetGuid(2),
            new ChangeFacts(r.GetString(3), r.IsDBNull(4) ? null : r.GetString(4), r.GetBoolean(8))
            {
                WasResent = r.GetBoolean(9),
                HasContent = r.GetBoolean(10),
                IsLate = r.GetBoolean(11),
                IsSuppressed = r.GetBoolean(12),
            },
            r.IsDBNull(5) ? null : r.GetString(5),
            r.GetInt32(6),
            r.GetString(7),
            r.GetGuid(13)
        );

    /// <summary>The random half of the id, as the doors lock one message.</summary>
    private static long LockKey(Guid messageId)
    {
        Span<byte> bytes = stackalloc byte[16];
        messageId.TryWriteBytes(bytes, bigEndian: true, out _);
        return BinaryPrimitives.ReadInt64BigEndian(bytes[8..]);
    }

    private static NpgsqlBatchCommand Add(NpgsqlBatch batch, string sql)
    {
        var command = new NpgsqlBatchCommand(sql);
        batch.BatchCommands.Add(command);
        return command;
    }

    private static NpgsqlParameter Array<T>(T[] values) => new NpgsqlParameter<T[]> { TypedValue = values };
}
