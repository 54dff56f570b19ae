using Gateway.Api.Reading;
using Npgsql;

namespace Gateway.Api.Messages;

/// <summary>Reads one message whole: four look-ups in the one day that its id names, on one snapshot.</summary>
internal sealed class MessageReader(TenantLedger ledger)
{
    private const string Message = """
        SELECT submission_id, from_address, subject, stream, mode, tags, metadata::text, size_bytes, accepted_at, send_at,
            deadline_at
        FROM messages WHERE tenant_id = $1 AND message_id = $2
        """;

    private const string Attempts = """
        SELECT delivery_id, number, path, begun_at, ended_at, outcome, scope, phase, reply, late
        FROM attempts WHERE tenant_id = $1 AND message_id = $2 ORDER BY delivery_id, number
        """;

    private const string Deliveries = """
        SELECT delivery_id, recipient, state, cause, path, waiting_for, due_at, resend_of, created_at, updated_at, ended_at
        FROM deliveries WHERE tenant_id = $1 AND message_id = $2 ORDER BY delivery_id
        """;

    // Two events of one transaction stand in the order of their delivery's sequence, whatever their ids.
    private const string Events = """
        SELECT id, type, state, at, sequence, delivery_id, data::text
        FROM events WHERE tenant_id = $1 AND bucket = $2 ORDER BY xid, delivery_id, sequence, id
        """;

    /// <summary>Null where this tenant has no such message.</summary>
    public Task<MessageView?> ReadAsync(Guid tenant, Guid id, CancellationToken cancel) =>
        ledger.ReadAsync(
            tenant,
            [
                Statement.Of(Attempts, tenant).With(id),
                Statement.Of(Deliveries, tenant).With(id),
                Statement.Of(Events, tenant).With(id),
                Statement.Of(Message, tenant).With(id),
            ],
            reader => ReadAsync(reader, id, cancel),
            cancel
        );

    private static async Task<MessageView?> ReadAsync(NpgsqlDataReader row, Guid id, CancellationToken cancel)
    {
        var attempts = (await RowsAsync(row, r => (Delivery: r.GetGuid(0), Attempt: Attempt(r)), cancel)).ToLookup(
            a => a.Delivery,
            a => a.Attempt
        );
        await row.NextResultAsync(cancel);
        var deliveries = await RowsAsync(row, r => Delivery(r, [.. attempts[r.GetGuid(0)]]), cancel);
        await row.NextResultAsync(cancel);
        var events = await RowsAsync(row, Event, cancel);
        await row.NextResultAsync(cancel);
        return await row.ReadAsync(cancel)
            ? new MessageView(
                id,
                row.GetGuid(0),
                MessageState.Of(deliveries.Select(d => d.State)),
                row.GetString(1),
                row.GetString(2),
                row.GetString(3),
                row.GetString(4),
                row.IsDBNull(5) ? [] : row.GetFieldValue<string[]>(5),
                row.JsonOrNull(6),
                row.GetInt32(7),
                row.Time(8),
                row.TimeOrNull(9),
                row.TimeOrNull(10),
                deliveries,
                events
            )
            : null;
    }

    private static async Task<List<T>> RowsAsync<T>(
        NpgsqlDataReader reader,
        Func<NpgsqlDataReader, T> read,
        CancellationToken cancel
    )
    {
        var rows = new List<T>();
        while (await reader.ReadAsync(cancel))
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    private static AttemptView Attempt(NpgsqlDataReader r) =>
        new(
            r.GetInt32(1),
            r.GetString(2),
            r.Time(3),
            r.TimeOrNull(4),
            r.TextOrNull(5),
            r.TextOrNull(6),
            r.TextOrNull(7),
            r.TextOrNull(8),
            r.GetBoolean(9)
        );

    private static DeliveryView Delivery(NpgsqlDataReader r, IReadOnlyList<AttemptView> attempts) =>
        new(
            r.GetGuid(0),
            r.GetString(1),
            r.GetString(2),
            r.TextOrNull(3),
            r.TextOrNull(4),
            r.TextOrNull(5),
            r.TimeOrNull(6),
            r.IdOrNull(7),
            r.Time(8),
            r.Time(9),
            r.TimeOrNull(10),
            attempts
        );

    private static MessageEventView Event(NpgsqlDataReader r) =>
        new(
            r.GetGuid(0),
            r.GetString(1),
            r.TextOrNull(2),
            r.Time(3),
            r.NumberOrNull(4),
            r.IdOrNull(5),
            r.JsonOrNull(6)
        );
}
