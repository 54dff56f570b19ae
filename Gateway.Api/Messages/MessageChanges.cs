using System.Buffers.Binary;
using Gateway.Api.Reading;
using Gateway.Ledger;
using Npgsql;

namespace Gateway.Api.Messages;

/// <summary>
/// Cancels, releases, resends: locks the message's rows in the order of the workers (the queue first, then the
/// deliveries, each by id), decides, writes. So a delivery is either begun or cancelled, never both.
/// </summary>
internal sealed class MessageChanges(TenantLedger ledger, WakeUp wakeUp, TimeProvider clock)
{
    // One change of a message at a time: row locks alone do not show a second caller the delivery that a first one adds.
    private const string LockMessage = "SELECT pg_advisory_xact_lock($1)";

    private const string LockQueue = """
        SELECT q.delivery_id, q.begun FROM deliveries_due q
        WHERE q.tenant_id = $1 AND q.delivery_id >= $2 AND q.delivery_id <= $3
        ORDER BY q.delivery_id FOR UPDATE
        """;

    // A statement of its own, and so with a newer snapshot: what a worker wrote while we waited for its row is seen.
    private const string LockDeliveries = """
        SELECT d.delivery_id, d.recipient, d.state, d.cause, d.sequence, d.resend_of FROM deliveries d
        WHERE d.tenant_id = $1 AND d.message_id = $2 ORDER BY d.delivery_id FOR UPDATE
        """;

    private const string ReadMessage = """
        SELECT m.stream, m.deadline_at, EXISTS (SELECT FROM bodies b
            WHERE b.tenant_id = $1 AND b.message_id = m.body_message_id AND b.content IS NOT NULL)
        FROM messages m WHERE m.tenant_id = $1 AND m.message_id = $2
        """;

    /// <summary>Null where there is no such message, or none of the deliveries named is of it.</summary>
    public async Task<ChangedMessage?> ApplyAsync(
        Guid tenant,
        Guid messageId,
        IReadOnlyList<Guid> only,
        Decide decide,
        CancellationToken cancel
    )
    {
        IReadOnlyList<ChangePlan> plans = [];
        var message = await ledger.ChangeAsync(
            tenant,
            Locks(tenant, messageId),
            reader => ReadAsync(reader, messageId, cancel),
            found =>
            {
                var now = clock.GetUtcNow();
                IReadOnlyList<LockedDelivery> chosen =
                    only.Count == 0 ? found.Deliveries : [.. found.Deliveries.Where(d => only.Contains(d.Id))];
                plans = decide(found, chosen, byName: only.Count > 0, now);
                return ChangeStatement.Build(tenant, found, plans, now);
            },
            cancel
        );
        if (plans.Any(p => p.ResentAs is not null || p.State == DeliveryState.Queued))
        {
            wakeUp.Ring();
        }

        return message is null || plans.Count == 0
            ? null
            : new ChangedMessage(message.Id, StateAfter(message, plans), [.. plans.Select(p => p.Answer)]);
    }

    private static IReadOnlyList<NpgsqlBatchCommand> Locks(Guid tenant, Guid messageId) =>
        [
            new NpgsqlBatchCommand(LockMessage).With(LockKey(messageId)),
            Statement
                .Of(LockQueue, tenant)
                .With(LedgerId.Delivery(messageId, 0))
                .With(LedgerId.Delivery(messageId, LedgerId.MaxPlace)),
            Statement.Of(LockDeliveries, tenant).With(messageId),
            Statement.Of(ReadMessage, tenant).With(messageId),
        ];

    /// <summary>The random half of the id; a stranger with an equal one would only wait a moment.</summary>
    private static long LockKey(Guid messageId)
    {
        Span<byte> bytes = stackalloc byte[16];
        messageId.TryWriteBytes(bytes, bigEndian: true, out _);
        return BinaryPrimitives.ReadInt64BigEndian(bytes[8..]);
    }

    private static async Task<LockedMessage?> ReadAsync(
        NpgsqlDataReader reader,
        Guid messageId,
        CancellationToken cancel
    )
    {
        await reader.NextResultAsync(cancel);
        var begun = new Dictionary<Guid, bool>();
        while (await reader.ReadAsync(cancel))
        {
            begun[reader.GetGuid(0)] = reader.GetBoolean(1);
        }

        await reader.NextResultAsync(cancel);
        var deliveries = new List<LockedDelivery>();
        while (await reader.ReadAsync(cancel))
        {
            deliveries.Add(
                new LockedDelivery(
                    reader.GetGuid(0),
                    reader.GetString(1),
                    reader.GetString(2),
                    reader.TextOrNull(3),
                    reader.GetInt32(4),
                    reader.IdOrNull(5),
                    begun.GetValueOrDefault(reader.GetGuid(0))
                )
            );
        }

        await reader.NextResultAsync(cancel);
        return deliveries.Count > 0 && await reader.ReadAsync(cancel)
            ? new LockedMessage(messageId, reader.GetString(0), reader.GetBoolean(2), reader.TimeOrNull(1), deliveries)
            : null;
    }

    private static string StateAfter(LockedMessage message, IReadOnlyList<ChangePlan> plans)
    {
        var changed = plans.Where(p => p.State is not null).ToDictionary(p => p.Delivery.Id, p => p.State!);
        var states = message.Deliveries.Select(d => changed.GetValueOrDefault(d.Id, d.State));
        return MessageState.Of(plans.Any(p => p.ResentAs is not null) ? states.Append(DeliveryState.Queued) : states);
    }
}
