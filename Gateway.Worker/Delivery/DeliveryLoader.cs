using Gateway.Database;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Worker.Delivery;

/// <summary>Reads what was claimed: one round trip for the batch.</summary>
public sealed class DeliveryLoader([FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger)
{
    // Each LIMIT keeps its look-up one by its whole key in one day: joined freely, a plan that was made while the day
    // was empty reads all of a tenant's day for each row.
    private const string Load = """
        SELECT d.delivery_id, m.door, m.mode, m.stream, m.from_address, d.recipient, b.content, m.traceparent,
            d.state, coalesce(m.send_at, m.accepted_at), m.deadline_at, d.temporary_since, d.temporary_spent,
            d.deferrals, d.waits, d.path, d.waiting_for, coalesce(t.settings ->> 'on_unknown' = 'hold', false), d.held_at, m.from_domain
        FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS w (tenant_id, message_id, delivery_id)
        CROSS JOIN LATERAL (SELECT * FROM deliveries x
            WHERE x.tenant_id = w.tenant_id AND x.message_id = w.message_id AND x.delivery_id = w.delivery_id LIMIT 1) d
        CROSS JOIN LATERAL (SELECT * FROM messages x
            WHERE x.tenant_id = w.tenant_id AND x.message_id = w.message_id LIMIT 1) m
        CROSS JOIN LATERAL (SELECT settings FROM tenants x WHERE x.tenant_id = w.tenant_id LIMIT 1) t
        LEFT JOIN LATERAL (SELECT content FROM bodies x
            WHERE x.tenant_id = m.tenant_id AND x.message_id = m.body_message_id LIMIT 1) b ON true
        """;

    public async Task<IReadOnlyList<DeliveryWork>> LoadAsync(IReadOnlyList<Claim> claims, CancellationToken cancel)
    {
        var byId = claims.ToDictionary(c => c.DeliveryId);
        await using var command = ledger.CreateCommand(Load);
        Add(command, [.. claims.Select(c => c.TenantId)]);
        Add(command, [.. claims.Select(c => c.MessageId)]);
        Add(command, [.. claims.Select(c => c.DeliveryId)]);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var work = new List<DeliveryWork>(claims.Count);
        while (await reader.ReadAsync(cancel))
        {
            work.Add(Read(reader, byId[reader.GetGuid(0)]));
        }

        return work;
    }

    private static DeliveryWork Read(NpgsqlDataReader r, Claim claim) =>
        new()
        {
            Claim = claim,
            Door = r.GetString(1),
            Mode = r.GetString(2),
            FromAddress = r.GetString(4),
            FromDomain = r.GetString(19),
            Recipient = r.GetString(5),
            Content = r.IsDBNull(6) ? null : r.GetFieldValue<byte[]>(6),
            TraceParent = r.IsDBNull(7) ? null : r.GetString(7),
            Facts = new()
            {
                State = r.GetString(8),
                Stream = r.GetString(3),
                Since = r.GetFieldValue<DateTimeOffset>(9),
                Deadline = r.IsDBNull(10) ? null : r.GetFieldValue<DateTimeOffset>(10),
                TemporarySince = r.IsDBNull(11) ? null : r.GetFieldValue<DateTimeOffset>(11),
                TemporarySpent = r.GetTimeSpan(12),
                Deferrals = r.GetInt32(13),
                Waits = r.GetInt32(14),
                LastPath = r.IsDBNull(15) ? null : r.GetString(15),
                WaitingFor = r.IsDBNull(16) ? null : r.GetString(16),
                AtMostOnce = r.GetBoolean(17),
                HeldAt = r.IsDBNull(18) ? null : r.GetFieldValue<DateTimeOffset>(18),
            },
        };

    private static void Add(NpgsqlCommand command, Guid[] ids) =>
        command.Parameters.Add(
            new NpgsqlParameter<Guid[]> { TypedValue = ids, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid }
        );
}
