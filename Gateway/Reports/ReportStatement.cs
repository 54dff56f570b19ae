using Gateway.Database;
using Gateway.Ledger;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Reports;

/// <summary>Writes what a batch of reports came to: states, queue and events together, in one round trip.</summary>
internal static class ReportStatement
{
    private const string Count = """
        UPDATE deliveries d SET sequence = c.sequence
        FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[]) AS c (tenant_id, message_id, delivery_id, sequence)
        WHERE d.tenant_id = c.tenant_id AND d.message_id = c.message_id AND d.delivery_id = c.delivery_id
        """;

    private const string Move = """
        UPDATE deliveries d
        SET sequence = c.sequence, state = c.state, cause = c.cause, avoid = string_to_array(c.avoid, ','),
            path_bounces = c.path_bounces,
            waiting_for = CASE WHEN c.state = 'held' THEN 'release' END,
            due_at = clock_timestamp() + c.due_in,
            temporary_spent = CASE WHEN d.temporary_since IS NULL THEN d.temporary_spent
                ELSE d.temporary_spent + ($10 - d.temporary_since) END,
            temporary_since = NULL, waits = 0, deferrals = 0,
            held_at = CASE WHEN c.state = 'held' THEN coalesce(d.held_at, $10) END,
            updated_at = $10, ended_at = CASE WHEN c.ended THEN $10 END
        FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::text[], $6::text[], $7::text[], $8::smallint[],
            $9::interval[], $11::bool[])
            AS c (tenant_id, message_id, delivery_id, sequence, state, cause, avoid, path_bounces, due_in, ended)
        WHERE d.tenant_id = c.tenant_id AND d.message_id = c.message_id AND d.delivery_id = c.delivery_id
        """;

    private const string LeaveQueue = "DELETE FROM deliveries_due WHERE delivery_id = ANY ($1::uuid[])";

    // The row was deleted when the mail was sent. Its fence must not begin again below one that a worker still remembers:
    // the clock is above every fence there ever was.
    private const string Queue = """
        INSERT INTO deliveries_due AS q (tenant_id, stream, due_at, delivery_id, message_id, fence, waiting_for)
        SELECT c.tenant_id, c.stream, clock_timestamp() + c.due_in, c.delivery_id, c.message_id,
            greatest((extract(epoch FROM clock_timestamp()) * 1000000)::bigint, (SELECT max(a.fence) + 1 FROM attempts a
                WHERE a.tenant_id = c.tenant_id AND a.message_id = c.message_id AND a.delivery_id = c.delivery_id)),
            c.waiting_for
        FROM unnest($1::uuid[], $2::text[], $3::interval[], $4::uuid[], $5::uuid[], $6::text[])
            AS c (tenant_id, stream, due_in, delivery_id, message_id, waiting_for)
        ON CONFLICT (delivery_id) DO UPDATE
        SET due_at = excluded.due_at, lease_until = NULL, begun = false, waiting_for = excluded.waiting_for,
            fence = greatest(q.fence + 1, excluded.fence)
        """;

    private const string Tell = """
        INSERT INTO events (tenant_id, bucket, id, message_id, delivery_id, sequence, type, state, at, data, orphan)
        SELECT e.tenant_id, e.bucket, e.id, e.message_id, e.delivery_id, e.sequence, e.type, e.state, e.at, e.data::jsonb, e.orphan
        FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::int[], $7::text[], $8::text[],
            $9::timestamptz[], $10::text[], $11::bool[])
            AS e (tenant_id, bucket, id, message_id, delivery_id, sequence, type, state, at, data, orphan)
        """;

    private const string TellPaths = """
        INSERT INTO path_events (event_id, path, type, at, actor, reason, data)
        SELECT e.id, e.path, 'path.bounces', $6, 'reports', e.reply,
            jsonb_build_object('scope', 'remote_domain', 'subject', e.domain, 'outcome', e.outcome, 'count', e.count)
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::int[], $7::text[])
            AS e (id, path, domain, outcome, count, reply)
        """;

    /// <summary>Characters of the reply that a path's event quotes.</summary>
    private const int MostReason = 1_000;

    /// <summary>After which a hold is announced again; the worker does that.</summary>
    private static readonly TimeSpan FirstHoldNotice = TimeSpan.FromDays(7);

    public static NpgsqlBatch Build(
        NpgsqlConnection connection,
        IReadOnlyList<KnownDelivery> touched,
        IReadOnlyList<ReportEvent> events,
        IReadOnlyList<PathBounceCount> bounces,
        DateTimeOffset now
    )
    {
        var batch = new NpgsqlBatch(connection);
        AddCount(batch, [.. touched.Where(d => !d.IsMoved)]);
        var moved = touched.Where(d => d.IsMoved).ToArray();
        AddMove(batch, moved, now);
        AddQueue(batch, moved);
        if (events.Count > 0)
        {
            AddEvents(batch, events);
        }

        if (bounces.Count > 0)
        {
            new StatementColumns(Add(batch, TellPaths).Parameters)
                .Add(NpgsqlDbType.Uuid, bounces, _ => LedgerId.New(now))
                .Add(NpgsqlDbType.Text, bounces, b => b.Path)
                .Add(NpgsqlDbType.Text, bounces, b => b.RemoteDomain)
                .Add(NpgsqlDbType.Text, bounces, b => b.Outcome)
                .Add(NpgsqlDbType.Integer, bounces, b => b.Count)
                .Add(now)
                .Add(NpgsqlDbType.Text, bounces, b => ReportText.Bounded(b.Reply, MostReason));
        }

        return batch;
    }

    private static void AddCount(NpgsqlBatch batch, KnownDelivery[] noted)
    {
        if (noted.Length > 0)
        {
            new StatementColumns(Add(batch, Count).Parameters)
                .Add(NpgsqlDbType.Uuid, noted, d => d.TenantId)
                .Add(NpgsqlDbType.Uuid, noted, d => d.MessageId)
                .Add(NpgsqlDbType.Uuid, noted, d => d.DeliveryId)
                .Add(NpgsqlDbType.Integer, noted, d => d.Sequence);
        }
    }

    private static void AddMove(NpgsqlBatch batch, KnownDelivery[] moved, DateTimeOffset now)
    {
        if (moved.Length > 0)
        {
            new StatementColumns(Add(batch, Move).Parameters)
                .Add(NpgsqlDbType.Uuid, moved, d => d.TenantId)
                .Add(NpgsqlDbType.Uuid, moved, d => d.MessageId)
                .Add(NpgsqlDbType.Uuid, moved, d => d.DeliveryId)
                .Add(NpgsqlDbType.Integer, moved, d => d.Sequence)
                .Add(NpgsqlDbType.Text, moved, d => d.Picture.State)
                .Add(NpgsqlDbType.Text, moved, d => d.Picture.Cause)
                .Add(NpgsqlDbType.Text, moved, d => d.Picture.Avoid is [] ? null : string.Join(',', d.Picture.Avoid))
                .Add(NpgsqlDbType.Smallint, moved, d => (short)d.Picture.PathBounces)
                .Add(NpgsqlDbType.Interval, moved, d => DueIn(d.Queue))
                .Add(now)
                .Add(NpgsqlDbType.Boolean, moved, d => DeliveryState.IsEnd(d.Picture.State));
        }
    }

    private static void AddQueue(NpgsqlBatch batch, KnownDelivery[] moved)
    {
        var left = moved.Where(d => d.Queue == QueueMove.Leave).ToArray();
        if (left.Length > 0)
        {
            new StatementColumns(Add(batch, LeaveQueue).Parameters).Add(NpgsqlDbType.Uuid, left, d => d.DeliveryId);
        }

        var queued = moved.Where(d => DueIn(d.Queue) is not null).ToArray();
        if (queued.Length > 0)
        {
            new StatementColumns(Add(batch, Queue).Parameters)
                .Add(NpgsqlDbType.Uuid, queued, d => d.TenantId)
                .Add(NpgsqlDbType.Text, queued, d => d.Stream)
                .Add(NpgsqlDbType.Interval, queued, d => DueIn(d.Queue)!.Value)
                .Add(NpgsqlDbType.Uuid, queued, d => d.DeliveryId)
                .Add(NpgsqlDbType.Uuid, queued, d => d.MessageId)
                .Add(NpgsqlDbType.Text, queued, d => d.Queue == QueueMove.Hold ? "release" : null);
        }
    }

    private static void AddEvents(NpgsqlBatch batch, IReadOnlyList<ReportEvent> events) =>
        new StatementColumns(Add(batch, Tell).Parameters)
            .Add(NpgsqlDbType.Uuid, events, e => e.TenantId)
            .Add(NpgsqlDbType.Uuid, events, e => e.Bucket)
            .Add(NpgsqlDbType.Uuid, events, e => e.Id)
            .Add(NpgsqlDbType.Uuid, events, e => e.MessageId)
            .Add(NpgsqlDbType.Uuid, events, e => e.DeliveryId)
            .Add(NpgsqlDbType.Integer, events, e => e.Sequence)
            .Add(NpgsqlDbType.Text, events, e => e.Type)
            .Add(NpgsqlDbType.Text, events, e => e.State)
            .Add(NpgsqlDbType.TimestampTz, events, e => e.At.UtcDateTime)
            .Add(NpgsqlDbType.Text, events, e => e.Data)
            .Add(NpgsqlDbType.Boolean, events, e => e.IsOrphan);

    private static TimeSpan? DueIn(QueueMove move) =>
        move switch
        {
            QueueMove.Again => TimeSpan.Zero,
            QueueMove.Hold => FirstHoldNotice,
            _ => null,
        };

    private static NpgsqlBatchCommand Add(NpgsqlBatch batch, string sql)
    {
        var command = new NpgsqlBatchCommand(sql);
        batch.BatchCommands.Add(command);
        return command;
    }
}
