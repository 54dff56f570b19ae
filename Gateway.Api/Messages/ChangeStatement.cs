using System.Text.Json;
using Gateway.Api.Reading;
using Gateway.Ledger;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Api.Messages;

/// <summary>Writes what was decided: state and event together, the queue's row with them (D5).</summary>
internal static class ChangeStatement
{
    private const string Move = """
        WITH change AS (
            SELECT * FROM unnest($3::uuid[], $4::text[], $5::text[], $6::int[], $7::text[], $8::uuid[], $9::text[])
                AS c (delivery_id, state, cause, sequence, event, event_id, data)
        ), moved AS (
            UPDATE deliveries d
            SET state = c.state, cause = c.cause, waiting_for = NULL, due_at = NULL, held_at = NULL,
                sequence = c.sequence, updated_at = $10, ended_at = CASE WHEN c.state = 'cancelled' THEN $10 END,
                deferrals = CASE WHEN c.state = 'cancelled' THEN d.deferrals ELSE 0 END,
                waits = CASE WHEN c.state = 'cancelled' THEN d.waits ELSE 0 END,
                temporary_since = NULL,
                temporary_spent = CASE WHEN c.state = 'cancelled' THEN d.temporary_spent ELSE '0' END
            FROM change c WHERE d.tenant_id = $1 AND d.message_id = $2 AND d.delivery_id = c.delivery_id
        ), told AS (
            INSERT INTO events (tenant_id, bucket, id, message_id, delivery_id, sequence, type, state, at, data)
            SELECT $1, $2, event_id, $2, delivery_id, sequence, event, state, $10, data::jsonb FROM change
        ), gone AS (
            DELETE FROM deliveries_due q USING change c
            WHERE q.tenant_id = $1 AND q.delivery_id = c.delivery_id AND c.state = 'cancelled'
        )
        -- The fence moves on: whoever leased the row, for a reminder perhaps, has lost it.
        INSERT INTO deliveries_due AS q (tenant_id, stream, due_at, delivery_id, message_id)
        -- What was held from its birth may have been meant for later.
        SELECT $1, $11, greatest(clock_timestamp(), (SELECT send_at FROM messages m WHERE m.tenant_id = $1 AND m.message_id = $2)),
            delivery_id, $2
        FROM change WHERE state = 'queued'
        ON CONFLICT (delivery_id) DO UPDATE
        SET due_at = excluded.due_at, lease_until = NULL, begun = false, fence = q.fence + 1, waiting_for = NULL
        """;

    private const string Resend = """
        WITH again AS (
            SELECT a.old_id, a.new_id, d.recipient, d.recipient_key
            FROM unnest($3::uuid[], $4::uuid[]) AS a (old_id, new_id)
            JOIN deliveries d ON d.tenant_id = $1 AND d.message_id = $2 AND d.delivery_id = a.old_id
        ), addressed AS (
            INSERT INTO deliveries (tenant_id, message_id, delivery_id, recipient, recipient_key, state, resend_of,
                created_at, updated_at)
            SELECT $1, $2, new_id, recipient, recipient_key, 'queued', old_id, $5, $5 FROM again
        ), queued AS (
            INSERT INTO deliveries_due (tenant_id, stream, due_at, delivery_id, message_id)
            SELECT $1, $6, clock_timestamp(), new_id, $2 FROM again
        )
        -- As at acceptance, the delivery's id names its first event.
        INSERT INTO events (tenant_id, bucket, id, message_id, delivery_id, sequence, type, state, at, data)
        SELECT $1, $2, new_id, $2, new_id, 1, 'resent', 'queued', $5, jsonb_build_object('resend_of', old_id) FROM again
        """;

    public static IReadOnlyList<NpgsqlBatchCommand> Build(
        Guid tenant,
        LockedMessage message,
        IReadOnlyList<ChangePlan> plans,
        DateTimeOffset now
    )
    {
        var commands = new List<NpgsqlBatchCommand>(2);
        var moves = plans.Where(p => p.State is not null).ToArray();
        if (moves.Length > 0)
        {
            commands.Add(
                Statement
                    .Of(Move, tenant)
                    .With(message.Id)
                    .With(NpgsqlDbType.Array | NpgsqlDbType.Uuid, Column(moves, p => p.Delivery.Id))
                    .With(NpgsqlDbType.Array | NpgsqlDbType.Text, Column(moves, p => p.State))
                    .With(NpgsqlDbType.Array | NpgsqlDbType.Text, Column(moves, p => p.Cause))
                    .With(NpgsqlDbType.Array | NpgsqlDbType.Integer, Column(moves, p => p.Delivery.Sequence + 1))
                    .With(NpgsqlDbType.Array | NpgsqlDbType.Text, Column(moves, p => p.Event))
                    .With(NpgsqlDbType.Array | NpgsqlDbType.Uuid, Column(moves, _ => LedgerId.New(now)))
                    .With(NpgsqlDbType.Array | NpgsqlDbType.Text, Column(moves, EventData))
                    .With(NpgsqlDbType.TimestampTz, now.UtcDateTime)
                    .With(message.Stream)
            );
        }

        var resends = plans.Where(p => p.ResentAs is not null).ToArray();
        if (resends.Length > 0)
        {
            commands.Add(
                Statement
                    .Of(Resend, tenant)
                    .With(message.Id)
                    .With(NpgsqlDbType.Array | NpgsqlDbType.Uuid, Column(resends, p => p.Delivery.Id))
                    .With(NpgsqlDbType.Array | NpgsqlDbType.Uuid, Column(resends, p => p.ResentAs!.Value))
                    .With(NpgsqlDbType.TimestampTz, now.UtcDateTime)
                    .With(message.Stream)
            );
        }

        return commands;
    }

    private static T[] Column<T>(ChangePlan[] plans, Func<ChangePlan, T> value) =>
        Array.ConvertAll(plans, p => value(p));

    private static string? EventData(ChangePlan plan)
    {
        var data = new Dictionary<string, string>(StringComparer.Ordinal);
        if (plan.Cause is not null)
        {
            data["cause"] = plan.Cause;
        }

        if (plan.State == DeliveryState.Queued && plan.Delivery.Cause is not null)
        {
            data["held_for"] = plan.Delivery.Cause;
        }

        if (plan.ResentAs is { } newId)
        {
            data["resent_as"] = newId.ToString();
        }

        return data.Count == 0 ? null : JsonSerializer.Serialize(data, ApiJson.Default.DictionaryStringString);
    }
}
