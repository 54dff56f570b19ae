using Gateway.Api.Reading;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Api.Events;

/// <summary>
/// Reads events past a cursor. Only transactions older than every running one are shown, so nothing can appear behind
/// the cursor afterwards (D9).
/// </summary>
internal sealed class EventFeed(TenantLedger ledger)
{
    /// <summary>Events that one request looks through for the wanted type; the cursor moves past them all.</summary>
    internal const int MaxExamined = 2_000;

    private const string Now = """
        SELECT i.cell_epoch, pg_snapshot_xmin(pg_current_snapshot()) FROM installation i
        """;

    private const string Last = """
        SELECT bucket, id, xid FROM events
        WHERE tenant_id = $1 AND xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY xid DESC, id DESC LIMIT 1
        """;

    private const string Find = "SELECT bucket, id, xid FROM events WHERE tenant_id = $1 AND bucket = $2 AND id = $3";

    /// <summary>Null where the cursor is of another epoch and its last event is not in this ledger.</summary>
    public async Task<(IReadOnlyList<EventItem> Items, EventCursor Next, bool MayHaveMore)?> ReadAsync(
        Guid tenant,
        EventQuery query,
        CancellationToken cancel
    )
    {
        if (query.FromNow && query.After is null)
        {
            return ([], await EndAsync(tenant, cancel), false);
        }

        var page = await ReadAsync(tenant, query, query.After ?? EventCursor.Beginning(0), cancel);
        if (query.After is not { } after || after.Epoch == page.Next.Epoch)
        {
            return page;
        }

        return await TranslateAsync(tenant, after, page.Next.Epoch, cancel) is { } here
            ? await ReadAsync(tenant, query, here, cancel)
            : null;
    }

    internal static NpgsqlBatchCommand Build(Guid tenant, EventQuery query, EventCursor after)
    {
        var examined = query.Type is null ? query.Limit : MaxExamined;
        var command = Statement
            .Of("", tenant)
            .With(NpgsqlDbType.Xid8, after.Xid)
            .With(after.AfterId)
            .With(examined)
            .With(NpgsqlDbType.Text, query.Type);
        // With the message known only its day is read.
        var ofMessage = query.Message is { } message
            ? $" AND e.bucket = ${command.With(message).Parameters.Count} AND e.message_id = e.bucket"
            : "";
        command.CommandText = $"""
            WITH seen AS MATERIALIZED (
                SELECT e.*, $5 IS NULL OR e.type = $5 AS wanted FROM events e
                WHERE e.tenant_id = $1 AND (e.xid, e.id) > ($2, $3)
                    AND e.xid < pg_snapshot_xmin(pg_current_snapshot()){ofMessage}
                ORDER BY e.xid, e.id LIMIT $4
            )
            SELECT s.id, s.type, s.message_id, s.delivery_id, d.recipient, s.sequence, s.state, s.at,
                CASE WHEN s.wanted THEN s.data::text END, s.xid, s.bucket, s.wanted
            FROM seen s
            LEFT JOIN LATERAL (
                SELECT recipient FROM deliveries d
                WHERE s.wanted AND d.tenant_id = $1 AND d.message_id = s.message_id AND d.delivery_id = s.delivery_id
                OFFSET 0) d ON true
            ORDER BY s.xid, s.id
            """;
        return command;
    }

    private Task<(IReadOnlyList<EventItem> Items, EventCursor Next, bool MayHaveMore)> ReadAsync(
        Guid tenant,
        EventQuery query,
        EventCursor after,
        CancellationToken cancel
    ) =>
        ledger.ReadAsync(
            tenant,
            [new NpgsqlBatchCommand(Now), Build(tenant, query, after)],
            async reader =>
            {
                var (epoch, running) = await ReadNowAsync(reader, cancel);
                var (items, examined, last) = (new List<EventItem>(), 0, after with { Epoch = epoch });
                while (items.Count < query.Limit && await reader.ReadAsync(cancel))
                {
                    examined++;
                    var xid = reader.GetFieldValue<ulong>(9);
                    last = new EventCursor(epoch, xid, IsAfterXid: false, reader.GetGuid(10), reader.GetGuid(0));
                    if (reader.GetBoolean(11))
                    {
                        items.Add(ReadItem(reader));
                    }
                }

                // Fewer than looked for: all that had ended was seen, whatever it was.
                var isEnd = items.Count < query.Limit && examined < MaxExamined;
                return ((IReadOnlyList<EventItem>)items, isEnd ? Ended(last, running) : last, !isEnd);
            },
            cancel
        );

    /// <summary>The cursor <c>now</c>: after everything that may be shown at this instant.</summary>
    private Task<EventCursor> EndAsync(Guid tenant, CancellationToken cancel) =>
        ledger.ReadAsync(
            tenant,
            [new NpgsqlBatchCommand(Now), Statement.Of(Last, tenant)],
            async reader =>
            {
                var (epoch, running) = await ReadNowAsync(reader, cancel);
                var last = await reader.ReadAsync(cancel) ? ReadPlace(reader, epoch) : EventCursor.Beginning(epoch);
                return Ended(last, running);
            },
            cancel
        );

    /// <summary>After a restore: the same place by the event that was read last; nothing was read of a new ledger's.</summary>
    private async Task<EventCursor?> TranslateAsync(
        Guid tenant,
        EventCursor old,
        int epoch,
        CancellationToken cancel
    ) =>
        old.LastId == Guid.Empty
            ? EventCursor.Beginning(epoch)
            : await ledger.ReadAsync(
                tenant,
                [Statement.Of(Find, tenant).With(old.LastBucket).With(old.LastId)],
                async reader => await reader.ReadAsync(cancel) ? ReadPlace(reader, epoch) : (EventCursor?)null,
                cancel
            );

    private static EventCursor ReadPlace(NpgsqlDataReader row, int epoch) =>
        new(epoch, row.GetFieldValue<ulong>(2), IsAfterXid: false, row.GetGuid(0), row.GetGuid(1));

    private static EventCursor Ended(EventCursor last, ulong running) =>
        running - 1 > last.Xid ? last with { Xid = running - 1, IsAfterXid = true } : last with { IsAfterXid = true };

    private static async Task<(int Epoch, ulong OldestRunning)> ReadNowAsync(
        NpgsqlDataReader reader,
        CancellationToken cancel
    )
    {
        await reader.ReadAsync(cancel);
        var now = (reader.GetInt32(0), reader.GetFieldValue<ulong>(1));
        await reader.NextResultAsync(cancel);
        return now;
    }

    private static EventItem ReadItem(NpgsqlDataReader r) =>
        new(
            r.GetGuid(0),
            r.GetString(1),
            r.IdOrNull(2),
            r.IdOrNull(3),
            r.TextOrNull(4),
            r.NumberOrNull(5),
            r.TextOrNull(6),
            r.Time(7),
            r.JsonOrNull(8)
        );
}
