using System.Text.Json;
using Gateway.Cohorts;
using Gateway.Ledger;
using Gateway.Worker.Delivery;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Worker.Cohorts;

/// <summary>Writes what was decided for a batch: state, event and the queue's row together (D5), and the job's own count.</summary>
internal static class CohortWriting
{
    private const string Move = """
        WITH change AS (
            SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::int[], $7::text[],
                $8::uuid[], $9::text[], $10::text[])
                AS c (tenant_id, message_id, delivery_id, state, cause, sequence, event, event_id, data, stream)
        ), moved AS (
            UPDATE deliveries d
            SET state = c.state, cause = c.cause, sequence = c.sequence, updated_at = $11,
                waiting_for = CASE WHEN c.state = 'held' THEN 'release' END,
                due_at = CASE WHEN c.state = 'held' THEN $11 + $12::interval END,
                held_at = CASE WHEN c.state = 'held' THEN $11 END,
                ended_at = CASE WHEN c.state = 'cancelled' THEN $11 END,
                pinned_path = CASE WHEN c.state = 'queued' THEN coalesce($13, d.pinned_path) ELSE d.pinned_path END,
                -- Whoever names a path means it, whatever that one did before.
                avoid = CASE WHEN c.state = 'queued' AND $13 IS NOT NULL THEN NULL ELSE d.avoid END,
                -- A release begins its schedules and its TTL clock anew.
                deferrals = CASE WHEN c.state = 'queued' THEN 0 ELSE d.deferrals END,
                waits = CASE WHEN c.state = 'queued' THEN 0 ELSE d.waits END,
                temporary_since = NULL,
                temporary_spent = CASE WHEN c.state = 'queued' THEN '0' ELSE d.temporary_spent END
            FROM change c
            WHERE d.tenant_id = c.tenant_id AND d.message_id = c.message_id AND d.delivery_id = c.delivery_id
        ), told AS (
            INSERT INTO events (tenant_id, bucket, id, message_id, delivery_id, sequence, type, state, at, data)
            SELECT tenant_id, message_id, event_id, message_id, delivery_id, sequence, event, state, $11, data::jsonb
            FROM change
        ), gone AS (
            DELETE FROM deliveries_due q USING change c
            WHERE q.delivery_id = c.delivery_id AND c.state = 'cancelled'
        )
        -- The fence moves on: whoever leased the row has lost it.
        INSERT INTO deliveries_due AS q (tenant_id, stream, due_at, delivery_id, message_id, waiting_for)
        SELECT tenant_id, stream, CASE WHEN state = 'held' THEN clock_timestamp() + $12::interval
                -- It may have been meant for later when it was parked.
                ELSE greatest(clock_timestamp(), (SELECT m.send_at FROM messages m
                    WHERE m.tenant_id = change.tenant_id AND m.message_id = change.message_id)) END,
            delivery_id, message_id, CASE WHEN state = 'held' THEN 'release' END
        FROM change WHERE state <> 'cancelled'
        ON CONFLICT (delivery_id) DO UPDATE
        SET due_at = excluded.due_at, lease_until = NULL, begun = false, fence = q.fence + 1,
            waiting_for = excluded.waiting_for
        """;

    private const string Resend = """
        WITH again AS (
            SELECT a.*, d.recipient, d.recipient_key
            FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::bool[], $7::uuid[], $8::text[])
                AS a (tenant_id, message_id, old_id, new_id, stream, may_duplicate, second_event_id, old_path)
            CROSS JOIN LATERAL (SELECT recipient, recipient_key FROM deliveries x
                WHERE x.tenant_id = a.tenant_id AND x.message_id = a.message_id AND x.delivery_id = a.old_id LIMIT 1) d
        ), addressed AS (
            INSERT INTO deliveries (tenant_id, message_id, delivery_id, recipient, recipient_key, state, sequence,
                resend_of, pinned_path, created_at, updated_at)
            SELECT tenant_id, message_id, new_id, recipient, recipient_key, 'queued', 1 + may_duplicate::int, old_id, $10,
                $9, $9 FROM again
        ), lifted AS (
            DELETE FROM suppressions s USING again a
            WHERE $11 AND s.tenant_id = a.tenant_id AND s.address = a.recipient_key
                AND s.reason IN ('hard_bounce', 'soft_bounce')
        ), queued AS (
            INSERT INTO deliveries_due (tenant_id, stream, due_at, delivery_id, message_id)
            SELECT tenant_id, stream, clock_timestamp(), new_id, message_id FROM again
        ), doubtful AS (
            INSERT INTO events (tenant_id, bucket, id, message_id, delivery_id, sequence, type, state, at, data)
            SELECT tenant_id, message_id, second_event_id, message_id, new_id, 2, 'possible_duplicate', NULL, $9,
                jsonb_build_object('resend_of', old_id, 'path', old_path) FROM again WHERE may_duplicate
        )
        -- As at acceptance, the delivery's id names its first event.
        INSERT INTO events (tenant_id, bucket, id, message_id, delivery_id, sequence, type, state, at, data)
        SELECT tenant_id, message_id, new_id, message_id, new_id, 1, 'resent', 'queued', $9,
            jsonb_build_object('resend_of', old_id) FROM again
        """;

    private const string Note = """
        UPDATE cohort_deliveries x SET outcome = o.outcome, resent_as = o.resent_as, at = $4
        FROM unnest($2::uuid[], $3::text[], $5::uuid[]) AS o (delivery_id, outcome, resent_as)
        WHERE x.cohort_id = $1 AND x.delivery_id = o.delivery_id
        """;

    private const string Pace = """
        UPDATE cohorts SET paced_at = greatest(paced_at, clock_timestamp() - interval '1 second') + $2 * interval '1 second' / rate
        WHERE cohort_id = $1
        """;

    private const string Finish =
        "UPDATE cohorts SET state = 'done', finished_at = clock_timestamp() WHERE cohort_id = $1";

    public static NpgsqlBatchCommand FinishCommand(CohortJob job) => Of(Finish, Value(job.Id));

    /// <param name="gone">Picked, and not in the ledger any more.</param>
    public static IReadOnlyList<NpgsqlBatchCommand> Build(
        CohortJob job,
        IReadOnlyList<CohortPlan> plans,
        IReadOnlyList<Guid> gone,
        DateTimeOffset now
    )
    {
        var commands = new List<NpgsqlBatchCommand>(4);
        var moves = plans.Where(p => p.State is not null).ToArray();
        if (moves.Length > 0)
        {
            commands.Add(MoveCommand(job, moves, now));
        }

        var resends = plans.Where(p => p.ResentAs is not null).ToArray();
        if (resends.Length > 0)
        {
            commands.Add(ResendCommand(job, resends, now));
        }

        commands.Add(NoteCommand(job, plans, gone, now));
        // What was only looked at costs nobody anything.
        commands.Add(Of(Pace, Value(job.Id), Value(moves.Length + resends.Length)));
        return commands;
    }

    private static NpgsqlBatchCommand MoveCommand(CohortJob job, CohortPlan[] moves, DateTimeOffset now) =>
        Of(
            Move,
            Column(moves, p => p.Item.Tenant),
            Column(moves, p => p.Item.Message),
            Column(moves, p => p.Item.Delivery),
            Column(moves, p => p.State),
            Column(moves, p => p.Cause),
            Column(moves, p => p.Item.Sequence + 1),
            Column(moves, p => p.Outcome),
            Column(moves, _ => LedgerId.New(now)),
            Column(moves, EventData),
            Column(moves, p => p.Item.Stream),
            Value(now.UtcDateTime),
            Value(RetryPolicy.FirstHoldNotice),
            Text(job.Path)
        );

    private static NpgsqlBatchCommand ResendCommand(CohortJob job, CohortPlan[] resends, DateTimeOffset now) =>
        Of(
            Resend,
            Column(resends, p => p.Item.Tenant),
            Column(resends, p => p.Item.Message),
            Column(resends, p => p.Item.Delivery),
            Column(resends, p => p.ResentAs!.Value),
            Column(resends, p => p.Item.Stream),
            Column(resends, p => p.MayDuplicate),
            Column(resends, _ => LedgerId.New(now)),
            Column(resends, p => p.Item.Path),
            Value(now.UtcDateTime),
            Text(job.Path),
            Value(job.LiftBounces)
        );

    private static NpgsqlBatchCommand NoteCommand(
        CohortJob job,
        IReadOnlyList<CohortPlan> plans,
        IReadOnlyList<Guid> gone,
        DateTimeOffset now
    ) =>
        Of(
            Note,
            Value(job.Id),
            Value<Guid[]>([.. plans.Select(p => p.Item.Delivery), .. gone]),
            Value<string[]>([.. plans.Select(p => p.Outcome), .. gone.Select(_ => ChangeReason.NotFound)]),
            Value(now.UtcDateTime),
            Value<Guid?[]>([.. plans.Select(p => p.ResentAs), .. gone.Select(_ => (Guid?)null)])
        );

    private static string EventData(CohortPlan plan) =>
        JsonSerializer.Serialize(
            new Dictionary<string, string?>
            {
                [plan.State == DeliveryState.Queued ? "held_for" : "cause"] =
                    plan.State == DeliveryState.Queued ? plan.Item.Facts.Cause : plan.Cause,
            }
        );

    private static NpgsqlBatchCommand Of(string sql, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(parameter);
        }

        return command;
    }

    private static NpgsqlParameter Column<T>(CohortPlan[] plans, Func<CohortPlan, T> value) =>
        Value(Array.ConvertAll(plans, p => value(p)));

    private static NpgsqlParameter Value<T>(T value) => new NpgsqlParameter<T> { TypedValue = value };

    private static NpgsqlParameter Text(string? value) =>
        new NpgsqlParameter<string?> { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Text };
}
