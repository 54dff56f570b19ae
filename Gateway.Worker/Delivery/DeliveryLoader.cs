using Gateway.Database;
using Gateway.Ledger;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Worker.Delivery;

/// <summary>Reads what was claimed: one round trip for the batch, from the days of its messages only.</summary>
public sealed class DeliveryLoader([FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger)
{
    private const string Load = """
        SELECT d.delivery_id, m.door, m.mode, m.stream, m.from_address, d.recipient, b.content, m.traceparent,
            d.state, coalesce(m.send_at, m.accepted_at), m.deadline_at, d.temporary_since, d.temporary_spent,
            d.deferrals, d.waits, d.path, d.waiting_for, coalesce(t.settings ->> 'on_unknown' = 'hold', false), d.held_at
        FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS w (tenant_id, message_id, delivery_id)
        JOIN deliveries d ON d.tenant_id = w.tenant_id AND d.message_id = w.message_id AND d.delivery_id = w.delivery_id
            AND d.message_id >= $4 AND d.message_id < $5
        JOIN messages m ON m.tenant_id = w.tenant_id AND m.message_id = w.message_id
            AND m.message_id >= $4 AND m.message_id < $5
        JOIN tenants t ON t.tenant_id = w.tenant_id
        LEFT JOIN bodies b ON b.tenant_id = m.tenant_id AND b.message_id = m.body_message_id
            AND b.message_id >= $4 AND b.message_id < $5
        """;

    public async Task<IReadOnlyList<DeliveryWork>> LoadAsync(IReadOnlyList<Claim> claims, CancellationToken cancel)
    {
        var byId = claims.ToDictionary(c => c.DeliveryId);
        await using var command = ledger.CreateCommand(Load);
        Add(command, [.. claims.Select(c => c.TenantId)]);
        Add(command, [.. claims.Select(c => c.MessageId)]);
        Add(command, [.. claims.Select(c => c.DeliveryId)]);
        // The bounds are what prunes: an array of ids would be looked up in every day.
        var days = claims.Select(c => DateOnly.FromDateTime(LedgerId.TimeOf(c.MessageId).UtcDateTime)).ToArray();
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = LedgerId.DayStart(days.Min()) });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = LedgerId.DayStart(days.Max().AddDays(1)) });
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
