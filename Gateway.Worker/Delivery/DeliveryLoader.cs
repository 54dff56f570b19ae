using Gateway.Database;
using Gateway.Mail.Addresses;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Worker.Delivery;

/// <summary>Reads what was claimed in one round trip, bodies that deliveries share once.</summary>
public sealed class DeliveryLoader([FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger)
{
    /// <summary>Bytes of bodies that one load may bring; the first body comes whatever its size.</summary>
    private const long MostBytes = 64L << 20;

    // Each LIMIT keeps its look-up one by its whole key in one day: joined freely, a plan that was made while the day
    // was empty reads all of a tenant's day for each row.
    private const string LoadFacts = """
        SELECT d.delivery_id, m.body_message_id, m.door, m.mode, m.stream, m.from_address, m.from_domain, d.recipient,
            m.traceparent, d.state, coalesce(m.send_at, m.accepted_at), m.deadline_at, d.temporary_since,
            d.temporary_spent, d.deferrals, d.waits, d.path, d.waiting_for,
            coalesce(t.settings ->> 'on_unknown' = 'hold', false), d.held_at, m.tags, m.from_shown, d.avoid,
            d.recipient_key, coalesce(t.settings ->> 'list_unsubscribe', 'broadcast'), d.pinned_path
        FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS w (tenant_id, message_id, delivery_id)
        CROSS JOIN LATERAL (SELECT * FROM deliveries x
            WHERE x.tenant_id = w.tenant_id AND x.message_id = w.message_id AND x.delivery_id = w.delivery_id LIMIT 1) d
        CROSS JOIN LATERAL (SELECT * FROM messages x
            WHERE x.tenant_id = w.tenant_id AND x.message_id = w.message_id LIMIT 1) m
        CROSS JOIN LATERAL (SELECT settings FROM tenants x WHERE x.tenant_id = w.tenant_id LIMIT 1) t
        """;

    private const string LoadBodies = """
        WITH wanted AS (
            SELECT DISTINCT w.tenant_id, m.body_message_id, m.size_bytes
            FROM unnest($1::uuid[], $2::uuid[]) AS w (tenant_id, message_id)
            CROSS JOIN LATERAL (SELECT * FROM messages x
                WHERE x.tenant_id = w.tenant_id AND x.message_id = w.message_id LIMIT 1) m
        ), ranked AS (
            SELECT *, sum(size_bytes) OVER (ORDER BY body_message_id) - size_bytes AS before FROM wanted
        )
        SELECT r.body_message_id, b.content FROM ranked r
        LEFT JOIN LATERAL (SELECT content FROM bodies x
            WHERE x.tenant_id = r.tenant_id AND x.message_id = r.body_message_id LIMIT 1) b ON true
        WHERE r.before < $3
        """;

    /// <summary>
    /// The claimed deliveries whose bodies fit into memory together; those left out are to be given back.
    /// </summary>
    public async Task<(IReadOnlyList<DeliveryWork> Works, IReadOnlyList<Claim> LeftOut)> LoadAsync(
        IReadOnlyList<Claim> claims,
        CancellationToken cancel
    )
    {
        var byId = claims.ToDictionary(c => c.DeliveryId);
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(BodiesCommand(claims));
        batch.BatchCommands.Add(FactsCommand(claims));
        await using var reader = await batch.ExecuteReaderAsync(cancel);

        var bodies = new Dictionary<Guid, byte[]?>();
        while (await reader.ReadAsync(cancel))
        {
            bodies[reader.GetGuid(0)] = reader.IsDBNull(1) ? null : reader.GetFieldValue<byte[]>(1);
        }

        await reader.NextResultAsync(cancel);
        var works = new List<DeliveryWork>(claims.Count);
        var leftOut = new List<Claim>();
        var contents = new Dictionary<Guid, MessageContent>();
        while (await reader.ReadAsync(cancel))
        {
            var claim = byId[reader.GetGuid(0)];
            if (!bodies.TryGetValue(reader.GetGuid(1), out var body))
            {
                leftOut.Add(claim);
                continue;
            }

            if (!contents.TryGetValue(claim.MessageId, out var content))
            {
                contents[claim.MessageId] = content = new MessageContent(
                    reader.GetString(2),
                    claim.MessageId,
                    body,
                    ShownAs(reader)
                );
            }

            works.Add(Read(reader, claim, content));
        }

        return (works, leftOut);
    }

    private static DeliveryWork Read(NpgsqlDataReader r, Claim claim, MessageContent content) =>
        new()
        {
            Claim = claim,
            Content = content,
            Mode = r.GetString(3),
            FromAddress = r.GetString(5),
            FromDomain = r.GetString(6),
            Recipient = r.GetString(7),
            RecipientKey = r.GetString(23),
            ListUnsubscribe = r.GetString(24),
            TraceParent = r.IsDBNull(8) ? null : r.GetString(8),
            Tags = r.IsDBNull(20) ? [] : [.. r.GetFieldValue<string[]>(20)],
            Avoid = r.IsDBNull(22) ? [] : [.. r.GetFieldValue<string[]>(22)],
            PinnedPath = r.IsDBNull(25) ? null : r.GetString(25),
            Facts = new()
            {
                State = r.GetString(9),
                Stream = r.GetString(4),
                Since = r.GetFieldValue<DateTimeOffset>(10),
                Deadline = r.IsDBNull(11) ? null : r.GetFieldValue<DateTimeOffset>(11),
                TemporarySince = r.IsDBNull(12) ? null : r.GetFieldValue<DateTimeOffset>(12),
                TemporarySpent = r.GetTimeSpan(13),
                Deferrals = r.GetInt32(14),
                Waits = r.GetInt32(15),
                LastPath = r.IsDBNull(16) ? null : r.GetString(16),
                WaitingFor = r.IsDBNull(17) ? null : r.GetString(17),
                AtMostOnce = r.GetBoolean(18),
                HeldAt = r.IsDBNull(19) ? null : r.GetFieldValue<DateTimeOffset>(19),
            },
        };

    /// <summary>The From that acceptance put in place of the given one.</summary>
    private static Mailbox? ShownAs(NpgsqlDataReader r) =>
        r.IsDBNull(21) ? null
        : EmailAddress.TryParse(r.GetString(5), out var address, out _) ? new Mailbox(r.GetString(21), address)
        : throw new InvalidDataException("an accepted message has no readable From any more");

    private static NpgsqlBatchCommand FactsCommand(IReadOnlyList<Claim> claims)
    {
        var command = new NpgsqlBatchCommand(LoadFacts);
        var p = new StatementParameters(command.Parameters);
        p.Add(NpgsqlDbType.Uuid, claims, c => c.TenantId);
        p.Add(NpgsqlDbType.Uuid, claims, c => c.MessageId);
        p.Add(NpgsqlDbType.Uuid, claims, c => c.DeliveryId);
        return command;
    }

    private static NpgsqlBatchCommand BodiesCommand(IReadOnlyList<Claim> claims)
    {
        var command = new NpgsqlBatchCommand(LoadBodies);
        var p = new StatementParameters(command.Parameters);
        p.Add(NpgsqlDbType.Uuid, claims, c => c.TenantId);
        p.Add(NpgsqlDbType.Uuid, claims, c => c.MessageId);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = MostBytes });
        return command;
    }
}
