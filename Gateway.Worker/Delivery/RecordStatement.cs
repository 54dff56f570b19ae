using System.Text.Json;
using Gateway.Ledger;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Worker.Delivery;

/// <summary>
/// Record for many deliveries: what the attempt came to, the next state with its event, and the queue's row moved or
/// removed; each only while the fence is ours. Returns the deliveries that were.
/// </summary>
internal static class RecordStatement
{
    private const string Sql = """
        WITH input AS (
            SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::int[], $6::text[], $7::text[], $8::text[],
                $9::text[], $10::text[], $11::text[], $12::text[], $13::interval[], $14::text[], $15::bool[], $16::int[],
                $17::int[], $18::text[], $19::text[], $20::uuid[], $21::bool[], $23::bool[])
            AS i (tenant_id, message_id, delivery_id, fence, attempt, outcome, scope, phase,
                reply, provider_id, state, cause, due_in, waiting_for, clock_runs, deferrals,
                waits, event, data, event_id, ended, counts)
        ), result AS MATERIALIZED (
            SELECT i.*, d.stream FROM deliveries_due d JOIN input i ON i.delivery_id = d.delivery_id
            WHERE d.fence = i.fence ORDER BY d.delivery_id FOR UPDATE OF d
        ), gone AS (
            DELETE FROM deliveries_due d USING result r WHERE d.delivery_id = r.delivery_id AND r.due_in IS NULL
        ), back AS (
            -- The fence moves on, so that a second copy of this very result finds nothing.
            UPDATE deliveries_due d
            -- What goes elsewhere at once keeps its place in the line: it was due before all that wait behind it.
            SET due_at = CASE WHEN r.due_in > interval '0' THEN clock_timestamp() + r.due_in
                    ELSE least(d.due_at, clock_timestamp()) END, lease_until = NULL, begun = false, fence = d.fence + 1,
                waiting_for = r.waiting_for
            FROM result r WHERE d.delivery_id = r.delivery_id AND r.due_in IS NOT NULL
        ), moved AS (
            UPDATE deliveries d
            SET state = r.state, cause = r.cause, waiting_for = r.waiting_for,
                due_at = CASE WHEN r.due_in > interval '0' THEN clock_timestamp() + r.due_in
                    WHEN r.due_in IS NOT NULL THEN least(d.due_at, clock_timestamp()) END, sequence = d.sequence + 1,
                temporary_spent = CASE WHEN r.clock_runs OR d.temporary_since IS NULL THEN d.temporary_spent
                    ELSE d.temporary_spent + ($22 - d.temporary_since) END,
                temporary_since = CASE WHEN r.clock_runs THEN coalesce(d.temporary_since, $22) END,
                deferrals = r.deferrals, waits = r.waits,
                held_at = CASE WHEN r.state = 'held' THEN coalesce(d.held_at, $22) END,
                updated_at = $22, ended_at = CASE WHEN r.ended THEN $22 END
            FROM result r
            WHERE d.tenant_id = r.tenant_id AND d.message_id = r.message_id AND d.delivery_id = r.delivery_id
            RETURNING d.tenant_id, d.message_id, d.delivery_id, d.sequence, r.event, r.state, r.data, r.event_id
        ), noted AS (
            UPDATE attempts a
            SET ended_at = $22, outcome = r.outcome, scope = r.scope, phase = r.phase, reply = r.reply,
                provider_id = r.provider_id
            FROM result r
            WHERE r.attempt > 0 AND a.tenant_id = r.tenant_id AND a.message_id = r.message_id
                AND a.delivery_id = r.delivery_id AND a.number = r.attempt
        ), counted AS (
            -- For the lane's trust. In order: no two writers wait for each other.
            INSERT INTO lane_outcomes AS o (tenant_id, stream, hour, shard, outcomes, hard_bounces, complaints)
            SELECT tenant_id, stream, date_trunc('hour', $22, 'UTC'), (pg_backend_pid() % 8)::smallint, count(*), 0, 0
            FROM result WHERE counts GROUP BY 1, 2 ORDER BY 1, 2
            ON CONFLICT (tenant_id, stream, hour, shard) DO UPDATE SET outcomes = o.outcomes + excluded.outcomes
        ), told AS (
            INSERT INTO events (tenant_id, bucket, id, message_id, delivery_id, sequence, type, state, at, data)
            -- A reminder leaves the state where it was.
            SELECT tenant_id, message_id, event_id, message_id, delivery_id, sequence, event,
                CASE WHEN event <> 'hold_reminder' THEN state END, $22, data::jsonb FROM moved
        )
        SELECT delivery_id FROM result
        """;

    public static NpgsqlCommand Build(NpgsqlConnection connection, IReadOnlyList<RecordItem> items, DateTimeOffset now)
    {
        var command = new NpgsqlCommand(Sql, connection);
        var p = new StatementParameters(command.Parameters);
        p.Add(NpgsqlDbType.Uuid, items, i => i.Claim.TenantId);
        p.Add(NpgsqlDbType.Uuid, items, i => i.Claim.MessageId);
        p.Add(NpgsqlDbType.Uuid, items, i => i.Claim.DeliveryId);
        p.Add(NpgsqlDbType.Bigint, items, i => i.Claim.Fence);
        p.Add(NpgsqlDbType.Integer, items, i => i.IsKnown ? 0 : i.Attempt);
        p.Add(NpgsqlDbType.Text, items, i => i.Result?.Outcome.ToString());
        p.Add(NpgsqlDbType.Text, items, i => i.Result?.Scope.ToString());
        p.Add(NpgsqlDbType.Text, items, i => i.Result?.Phase);
        p.Add(NpgsqlDbType.Text, items, i => Storable(i.Result?.Reply));
        p.Add(NpgsqlDbType.Text, items, i => Storable(i.Result?.ProviderId));
        p.Add(NpgsqlDbType.Text, items, i => i.Step.State);
        p.Add(NpgsqlDbType.Text, items, i => i.Step.Cause);
        p.Add(NpgsqlDbType.Interval, items, i => i.Step.DueIn);
        p.Add(NpgsqlDbType.Text, items, i => i.Step.WaitingFor);
        p.Add(NpgsqlDbType.Boolean, items, i => i.Step.Clock == TtlClock.Run);
        p.Add(NpgsqlDbType.Integer, items, i => i.Step.Deferrals);
        p.Add(NpgsqlDbType.Integer, items, i => i.Step.Waits);
        p.Add(NpgsqlDbType.Text, items, i => i.Step.Event ?? i.Step.State);
        p.Add(NpgsqlDbType.Text, items, i => EventData(i, now));
        p.Add(NpgsqlDbType.Uuid, items, _ => LedgerId.New(now));
        p.Add(NpgsqlDbType.Boolean, items, i => DeliveryState.IsEnd(i.Step.State) || i.Step.Cause == "final");
        p.Add(now);
        p.Add(NpgsqlDbType.Boolean, items, i => i.Step.State == DeliveryState.Sent && !i.IsTest);
        return command;
    }

    /// <summary>What a tenant wants to read beside the state; the full reply of a success is in the attempt.</summary>
    internal static string EventData(RecordItem item, DateTimeOffset? now = null)
    {
        var data = new Dictionary<string, object>();
        if (item.Step.Cause is { } cause)
        {
            data["cause"] = cause;
        }

        if (item.Step.WaitingFor is { } waitingFor)
        {
            data["waiting_for"] = waitingFor;
            if (waitingFor == RetryPolicy.PathTurn && item.Step.DueIn is { } wait && now + wait is { } estimate)
            {
                data["estimated_at"] = estimate;
            }
        }

        if (item.Result is { } result)
        {
            data["attempt"] = item.Attempt;
            data["path"] = item.Path!;
            data["outcome"] = result.Outcome.ToString();
            if (result.Outcome != Mail.Outcome.Accepted)
            {
                data["phase"] = result.Phase;
                data["reply"] = Storable(result.Reply)!;
            }
        }

        return JsonSerializer.Serialize(data);
    }

    /// <summary>A far server may say anything, NUL too, which PostgreSQL's text cannot hold.</summary>
    private static string? Storable(string? text) => text?.Replace("\0", "\uFFFD", StringComparison.Ordinal);
}
