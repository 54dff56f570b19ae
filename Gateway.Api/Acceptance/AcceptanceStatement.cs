using Npgsql;
using NpgsqlTypes;

namespace Gateway.Api.Acceptance;

/// <summary>
/// The acceptance of many messages of many tenants as one round trip and one transaction: tenants of the transaction,
/// the rows, and what the losers of an idempotency key need to know.
/// </summary>
internal static class AcceptanceStatement
{
    private const string SetTenants = "SELECT set_config('gw.tenants', $1, true)";

    // A data-modifying CTE sees the snapshot before the statement, so what its rows tell goes from CTE to CTE. The
    // recipients are joined with the suppressions first, because the idempotency row keeps that answer.
    private const string Insert = """
        WITH input AS (
            SELECT * FROM unnest(
                $1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                $9::text[], $10::text[], $11::text[], $12::text[], $13::bool[], $14::bool[], $15::int[], $16::uuid[],
                $17::timestamptz[], $18::timestamptz[], $19::text[], $20::timestamptz[], $21::text[], $22::bytea[],
                $23::bytea[], $31::text[], $32::text[])
            AS t (tenant_id, message_id, submission_id, key_id, door, mode, stream, from_address,
                from_domain, subject, tags, metadata, track_opens, track_clicks, size_bytes, body_message_id,
                send_at, deadline_at, traceparent, accepted_at, idempotency_key, request_hash, content, from_shown, held_for)
        ), recipient AS (
            SELECT i.tenant_id, i.message_id, i.stream, i.accepted_at, i.send_at, r.delivery_id, r.place, r.address,
                r.address_key, s.reason AS suppressed, i.mode, i.held_for,
                CASE WHEN i.held_for IS NULL THEN r.waiting_for ELSE 'release' END AS waiting_for,
                -- From the database's clock on: later than Redis drew the turn, never earlier. A hold comes up again
                -- to be announced.
                CASE WHEN i.held_for IS NOT NULL THEN now() + interval '7 days'
                    WHEN r.wait IS NULL THEN i.send_at ELSE greatest(i.send_at, now() + r.wait) END AS due_at
            FROM unnest($24::uuid[], $25::uuid[], $26::smallint[], $27::text[], $28::text[], $29::interval[], $30::text[])
                AS r (message_id, delivery_id, place, address, address_key, wait, waiting_for)
            JOIN input i ON i.message_id = r.message_id
            LEFT JOIN suppressions s ON s.tenant_id = i.tenant_id AND s.address = r.address_key AND s.stream = i.stream
                AND (s.expires_at IS NULL OR s.expires_at > now())
        ), suppressed AS (
            SELECT message_id, array_agg(place ORDER BY place) AS places
            FROM recipient WHERE suppressed IS NOT NULL GROUP BY message_id
        ), won AS (
            INSERT INTO idempotency AS i (tenant_id, key, request_hash, message_id, suppressed, expires_at, held_for)
            SELECT tenant_id, idempotency_key, request_hash, message_id, coalesce(places, '{}'), now() + interval '24 hours',
                held_for
            FROM input LEFT JOIN suppressed USING (message_id)
            WHERE idempotency_key IS NOT NULL
            ORDER BY tenant_id, idempotency_key
            ON CONFLICT (tenant_id, key) DO UPDATE
            SET request_hash = excluded.request_hash, message_id = excluded.message_id,
                suppressed = excluded.suppressed, expires_at = excluded.expires_at, held_for = excluded.held_for
            WHERE i.expires_at < now()
            RETURNING i.message_id
        ), accepted AS (
            SELECT * FROM input
            WHERE idempotency_key IS NULL OR message_id IN (SELECT message_id FROM won)
        ), stored AS (
            INSERT INTO messages (tenant_id, message_id, submission_id, key_id, door, mode, stream, from_address,
                from_domain, subject, tags, metadata, track_opens, track_clicks, size_bytes, body_message_id,
                send_at, deadline_at, traceparent, accepted_at, from_shown)
            SELECT tenant_id, message_id, submission_id, key_id, door, mode, stream, from_address,
                from_domain, subject, string_to_array(tags, E'\x1f'), metadata::jsonb, track_opens, track_clicks,
                size_bytes, body_message_id, send_at, deadline_at, traceparent, accepted_at, from_shown
            FROM accepted
        ), kept AS (
            INSERT INTO bodies (tenant_id, message_id, content)
            SELECT tenant_id, message_id, content FROM accepted WHERE content IS NOT NULL
        ), envelope AS (
            SELECT r.* FROM recipient r WHERE r.message_id IN (SELECT message_id FROM accepted)
        ), addressed AS (
            INSERT INTO deliveries (tenant_id, message_id, delivery_id, recipient, recipient_key, state, cause, due_at,
                waiting_for, held_at, created_at, updated_at, ended_at)
            SELECT tenant_id, message_id, delivery_id, address, address_key,
                CASE WHEN suppressed IS NOT NULL THEN 'suppressed' WHEN held_for IS NOT NULL THEN 'held' ELSE 'queued' END,
                coalesce(suppressed, held_for),
                CASE WHEN suppressed IS NULL THEN due_at ELSE send_at END,
                CASE WHEN suppressed IS NULL THEN waiting_for END,
                CASE WHEN suppressed IS NULL AND held_for IS NOT NULL THEN accepted_at END,
                accepted_at, accepted_at, CASE WHEN suppressed IS NOT NULL THEN accepted_at END
            FROM envelope
        ), queued AS (
            INSERT INTO deliveries_due (tenant_id, stream, due_at, delivery_id, message_id, waiting_for)
            SELECT tenant_id, stream, coalesce(due_at, clock_timestamp()), delivery_id, message_id, waiting_for
            FROM envelope WHERE suppressed IS NULL
        ), used AS (
            -- After the idempotency rows, and in the order of the tenants: no two transactions wait for each other.
            INSERT INTO usage_months AS u (tenant_id, month, mode, shard, messages, recipients)
            SELECT tenant_id, date_trunc('month', accepted_at AT TIME ZONE 'UTC')::date, mode,
                (pg_backend_pid() % 16)::smallint, count(*) FILTER (WHERE place = 1), count(*)
            FROM envelope GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
            ON CONFLICT (tenant_id, month, mode, shard) DO UPDATE
            SET messages = u.messages + excluded.messages, recipients = u.recipients + excluded.recipients
        ), told AS (
            -- The delivery's id is free to name its first event: no other event of this bucket has it.
            INSERT INTO events (tenant_id, bucket, id, message_id, delivery_id, sequence, type, state, at, data)
            SELECT tenant_id, message_id, delivery_id, message_id, delivery_id, 1,
                CASE WHEN suppressed IS NOT NULL THEN 'suppressed' WHEN held_for IS NOT NULL THEN 'held' ELSE 'accepted' END,
                CASE WHEN suppressed IS NOT NULL THEN 'suppressed' WHEN held_for IS NOT NULL THEN 'held' ELSE 'queued' END,
                accepted_at,
                CASE WHEN suppressed IS NOT NULL THEN jsonb_build_object('reason', suppressed)
                    WHEN held_for IS NOT NULL THEN jsonb_build_object('cause', held_for, 'waiting_for', waiting_for)
                    WHEN waiting_for IS NOT NULL
                        THEN jsonb_build_object('waiting_for', waiting_for, 'estimated_at', due_at) END
            FROM envelope
        )
        SELECT a.message_id, coalesce(s.places, '{}') FROM accepted a LEFT JOIN suppressed s USING (message_id)
        """;

    // A statement of its own, for a new snapshot: it sees the winner that this transaction waited for.
    private const string ReadWinners = """
        SELECT i.tenant_id, i.key, i.request_hash, i.message_id, i.suppressed, i.held_for
        FROM unnest($1::uuid[], $2::text[]) AS k (tenant_id, key)
        CROSS JOIN LATERAL (SELECT * FROM idempotency x
            WHERE x.tenant_id = k.tenant_id AND x.key = k.key LIMIT 1) i
        """;

    public static NpgsqlBatch Build(NpgsqlConnection connection, IReadOnlyList<Submission> messages)
    {
        var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(TenantsCommand(messages));
        batch.BatchCommands.Add(InsertCommand(messages));
        if (messages.Any(m => m.Idempotency is not null))
        {
            var keyed = messages.Where(m => m.Idempotency is not null).ToArray();
            var winners = new NpgsqlBatchCommand(ReadWinners);
            Add(winners, NpgsqlDbType.Uuid, Column(keyed, m => m.TenantId));
            Add(winners, NpgsqlDbType.Text, Column(keyed, m => m.Idempotency!.Key));
            batch.BatchCommands.Add(winners);
        }

        return batch;
    }

    public static NpgsqlBatchCommand TenantsCommand(IReadOnlyList<Submission> messages)
    {
        var command = new NpgsqlBatchCommand(SetTenants);
        var tenants = messages.Select(m => m.TenantId).Distinct();
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = $"{{{string.Join(',', tenants)}}}" });
        return command;
    }

    private static NpgsqlBatchCommand InsertCommand(IReadOnlyList<Submission> m)
    {
        var c = new NpgsqlBatchCommand(Insert);
        var bodies = new SharedBodies(m);
        Add(c, NpgsqlDbType.Uuid, Column(m, x => x.TenantId));
        Add(c, NpgsqlDbType.Uuid, Column(m, x => x.MessageId));
        Add(c, NpgsqlDbType.Uuid, Column(m, x => x.SubmissionId));
        Add(c, NpgsqlDbType.Text, Column(m, x => x.KeyId));
        Add(c, NpgsqlDbType.Text, Column(m, x => x.Door));
        Add(c, NpgsqlDbType.Text, Column(m, x => x.Mode));
        Add(c, NpgsqlDbType.Text, Column(m, x => x.Stream));
        Add(c, NpgsqlDbType.Text, Column(m, x => x.FromAddress));
        Add(c, NpgsqlDbType.Text, Column(m, x => x.FromDomain));
        Add(c, NpgsqlDbType.Text, Column(m, x => x.Subject));
        Add(c, NpgsqlDbType.Text, Column(m, x => x.Tags.Count == 0 ? null : string.Join('\x1f', x.Tags)));
        Add(c, NpgsqlDbType.Text, Column(m, x => x.MetadataJson));
        Add(c, NpgsqlDbType.Boolean, Column(m, x => x.TrackOpens));
        Add(c, NpgsqlDbType.Boolean, Column(m, x => x.TrackClicks));
        Add(c, NpgsqlDbType.Integer, Column(m, x => x.Content.Length));
        Add(c, NpgsqlDbType.Uuid, Column(m, bodies.OwnerOf));
        Add(c, NpgsqlDbType.TimestampTz, Column(m, x => x.SendAt?.UtcDateTime));
        Add(c, NpgsqlDbType.TimestampTz, Column(m, x => x.Deadline?.UtcDateTime));
        Add(c, NpgsqlDbType.Text, Column(m, x => x.TraceParent));
        Add(c, NpgsqlDbType.TimestampTz, Column(m, x => x.AcceptedAt.UtcDateTime));
        Add(c, NpgsqlDbType.Text, Column(m, x => x.Idempotency?.Key));
        Add(c, NpgsqlDbType.Bytea, Column(m, x => x.Idempotency?.RequestHash));
        Add(c, NpgsqlDbType.Bytea, Column(m, bodies.ContentOf));
        AddRecipients(c, m);
        Add(c, NpgsqlDbType.Text, Column(m, x => x.FromShown));
        Add(c, NpgsqlDbType.Text, Column(m, x => x.HeldFor));
        return c;
    }

    private static void AddRecipients(NpgsqlBatchCommand command, IReadOnlyList<Submission> messages)
    {
        var count = messages.Sum(m => m.Recipients.Count);
        var (ids, deliveries, places) = (new Guid[count], new Guid[count], new short[count]);
        var (addresses, keys) = (new string[count], new string[count]);
        var (waits, reasons) = (new TimeSpan?[count], new string?[count]);
        var at = 0;
        foreach (var message in messages)
        {
            for (var place = 1; place <= message.Recipients.Count; place++, at++)
            {
                ids[at] = message.MessageId;
                deliveries[at] = Ledger.LedgerId.Delivery(message.MessageId, place);
                places[at] = (short)place;
                addresses[at] = message.Recipients[place - 1].Address;
                keys[at] = message.Recipients[place - 1].Key;
                if (message.Charge?.Waits?[place - 1] is { } wait)
                {
                    (waits[at], reasons[at]) = (wait.In, wait.For);
                }
            }
        }

        Add(command, NpgsqlDbType.Uuid, ids);
        Add(command, NpgsqlDbType.Uuid, deliveries);
        Add(command, NpgsqlDbType.Smallint, places);
        Add(command, NpgsqlDbType.Text, addresses);
        Add(command, NpgsqlDbType.Text, keys);
        Add(command, NpgsqlDbType.Interval, waits);
        Add(command, NpgsqlDbType.Text, reasons);
    }

    private static T[] Column<T>(IReadOnlyList<Submission> messages, Func<Submission, T> value)
    {
        var column = new T[messages.Count];
        for (var i = 0; i < column.Length; i++)
        {
            column[i] = value(messages[i]);
        }

        return column;
    }

    private static void Add<T>(NpgsqlBatchCommand command, NpgsqlDbType element, T[] values) =>
        command.Parameters.Add(
            new NpgsqlParameter<T[]> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | element }
        );
}
