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

    // Where the columns after a delivery's facts are.
    private const int Copy = 28;
    private const int Fits = 29;
    private const int Body = 30;

    // Each LIMIT keeps its look-up one by its whole key in one day: joined freely, a plan that was made while the day
    // was empty reads all of a tenant's day for each row. A body that deliveries share is read with the first of them.
    private const string Load = """
        WITH facts AS (
            SELECT d.delivery_id, m.body_message_id, m.door, m.mode, m.stream, m.from_address, m.from_domain, d.recipient,
                m.traceparent, d.state, coalesce(m.send_at, m.accepted_at) AS since, m.deadline_at, d.temporary_since,
                d.temporary_spent, d.deferrals, d.waits, d.path, d.waiting_for,
                coalesce(t.settings ->> 'on_unknown' = 'hold', false) AS at_most_once, d.held_at, m.tags, m.from_shown, d.avoid,
                d.recipient_key, coalesce(t.settings ->> 'list_unsubscribe', 'broadcast') AS list_unsubscribe, d.pinned_path,
                w.tenant_id, m.size_bytes,
                row_number() OVER (PARTITION BY m.body_message_id ORDER BY w.message_id, d.delivery_id) AS copy
            FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS w (tenant_id, message_id, delivery_id)
            CROSS JOIN LATERAL (SELECT * FROM deliveries x
                WHERE x.tenant_id = w.tenant_id AND x.message_id = w.message_id AND x.delivery_id = w.delivery_id LIMIT 1) d
            CROSS JOIN LATERAL (SELECT * FROM messages x
                WHERE x.tenant_id = w.tenant_id AND x.message_id = w.message_id LIMIT 1) m
            CROSS JOIN LATERAL (SELECT settings FROM tenants x WHERE x.tenant_id = w.tenant_id LIMIT 1) t
        ), ranked AS (
            SELECT *, coalesce(sum(CASE copy WHEN 1 THEN size_bytes ELSE 0 END)
                OVER (ORDER BY body_message_id GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) < $4 AS fits
            FROM facts
        )
        SELECT r.*, b.content FROM ranked r
        LEFT JOIN LATERAL (SELECT content FROM bodies x
            WHERE x.tenant_id = r.tenant_id AND x.message_id = r.body_message_id AND r.copy = 1 AND r.fits LIMIT 1) b ON true
        ORDER BY r.body_message_id, r.copy
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
        await using var command = Build(connection, claims);
        await using var reader = await command.ExecuteReaderAsync(cancel);

        var works = new List<DeliveryWork>(claims.Count);
        var leftOut = new List<Claim>();
        var contents = new Dictionary<Guid, MessageContent>();
        byte[]? body = null;
        while (await reader.ReadAsync(cancel))
        {
            var claim = byId[reader.GetGuid(0)];
            if (!reader.GetBoolean(Fits))
            {
                leftOut.Add(claim);
                continue;
            }

            if (reader.GetInt64(Copy) == 1)
            {
                body = reader.IsDBNull(Body) ? null : reader.GetFieldValue<byte[]>(Body);
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

    private static NpgsqlCommand Build(NpgsqlConnection connection, IReadOnlyList<Claim> claims)
    {
        var command = new NpgsqlCommand(Load, connection);
        var p = new StatementParameters(command.Parameters);
        p.Add(NpgsqlDbType.Uuid, claims, c => c.TenantId);
        p.Add(NpgsqlDbType.Uuid, claims, c => c.MessageId);
        p.Add(NpgsqlDbType.Uuid, claims, c => c.DeliveryId);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = MostBytes });
        return command;
    }
}
