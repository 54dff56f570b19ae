using Gateway.Api.Reading;
using Npgsql;

namespace Gateway.Api.Messages;

/// <summary>Lists a tenant's messages, newest first: the ids of the page by an index, then what belongs to each.</summary>
internal sealed class MessageList(TenantLedger ledger)
{
    // The laterals are looked up by id, each in its own day only; as plain joins they might be hashed over all days. The
    // bounds say nothing new, but days outside them are then not even planned.
    private const string Items = """
        , items AS (
            SELECT p.message_id, m.submission_id, m.from_address, m.subject, m.stream, m.tags, m.accepted_at,
                d.ids, d.recipients, d.states, d.causes, d.paths, d.replies
            FROM page p
            CROSS JOIN LATERAL (
                SELECT * FROM messages m
                WHERE m.tenant_id = $1 AND m.message_id = p.message_id AND m.message_id < $2 AND m.message_id >= $3
                OFFSET 0) m
            CROSS JOIN LATERAL (
                SELECT array_agg(d.delivery_id ORDER BY d.delivery_id) AS ids,
                    array_agg(d.recipient ORDER BY d.delivery_id) AS recipients,
                    array_agg(d.state ORDER BY d.delivery_id) AS states,
                    array_agg(d.cause ORDER BY d.delivery_id) AS causes,
                    array_agg(d.path ORDER BY d.delivery_id) AS paths,
                    array_agg(CASE WHEN d.attempts > 0 AND d.state NOT IN ('sent', 'delivered') THEN
                        (SELECT a.reply FROM attempts a WHERE a.tenant_id = $1 AND a.message_id = p.message_id
                            AND a.message_id < $2 AND a.message_id >= $3 AND a.delivery_id = d.delivery_id
                            ORDER BY a.number DESC LIMIT 1) END ORDER BY d.delivery_id) AS replies
                FROM deliveries d
                WHERE d.tenant_id = $1 AND d.message_id = p.message_id AND d.message_id < $2 AND d.message_id >= $3) d
            WHERE d.ids IS NOT NULL
        )
        -- Where a walk stopped is told with each row, and with an empty one where it found nothing.
        SELECT i.*, s.message_id FROM (SELECT (SELECT message_id FROM stop) AS message_id) s LEFT JOIN items i ON true
        ORDER BY i.message_id DESC
        """;

    private const string End = """
        SELECT (SELECT count(*) FROM page), (SELECT message_id FROM page ORDER BY message_id DESC OFFSET {0} LIMIT 1),
            (SELECT message_id FROM stop)
        """;

    /// <summary>Of one export.</summary>
    private const int MostWalks = 10;

    public Task<MessagePage> ReadAsync(Guid tenant, MessageFilter filter, CancellationToken cancel) =>
        ledger.ReadAsync(
            tenant,
            [Build(tenant, filter)],
            reader => ReadPageAsync(reader, filter.Limit, cancel),
            cancel
        );

    /// <summary>
    /// The least id of a list of at most <paramref name="most"/> messages, where more may follow it; null where the list
    /// ends before.
    /// </summary>
    public async Task<Guid?> FindEndAsync(Guid tenant, MessageFilter filter, int most, CancellationToken cancel)
    {
        for (var walks = 1; ; walks++)
        {
            var (count, last, stop) = await ledger.ReadAsync(
                tenant,
                [BuildEnd(tenant, filter with { Limit = most })],
                async reader =>
                {
                    await reader.ReadAsync(cancel);
                    return (Count: (int)reader.GetInt64(0), Last: reader.IdOrNull(1), Stop: reader.IdOrNull(2));
                },
                cancel
            );
            if (count > most)
            {
                return last;
            }

            if (stop is not { } place)
            {
                return null;
            }

            // The message at which the walk stopped is looked at again, whole.
            most -= count;
            filter = filter with { Below = LedgerIds.After(place) };
            if (walks == MostWalks || most == 0)
            {
                return filter.Below;
            }
        }
    }

    private static NpgsqlBatchCommand BuildEnd(Guid tenant, MessageFilter filter)
    {
        var query = new MessageQuery(tenant, filter);
        var last = (filter.Limit - 1).ToString(System.Globalization.CultureInfo.InvariantCulture);
        query.Command.CommandText = query.With + End.Replace("{0}", last, StringComparison.Ordinal);
        return query.Command;
    }

    internal static NpgsqlBatchCommand Build(Guid tenant, MessageFilter filter)
    {
        var query = new MessageQuery(tenant, filter);
        query.Command.CommandText = query.With + Items;
        return query.Command;
    }

    private static async Task<MessagePage> ReadPageAsync(NpgsqlDataReader reader, int limit, CancellationToken cancel)
    {
        var items = new List<MessageItem>();
        Guid? stop = null;
        while (await reader.ReadAsync(cancel))
        {
            if (items.Count == limit)
            {
                return new MessagePage(items, IdCursor.Write(items[^1].Id));
            }

            stop = reader.IdOrNull(13);
            if (!reader.IsDBNull(0))
            {
                items.Add(ReadItem(reader));
            }
        }

        if (stop is not { } place)
        {
            return new MessagePage(items, null);
        }

        // Of the message at which the walk stopped not all deliveries may have been looked at: the next page begins with it.
        items.RemoveAll(i => i.Id == place);
        return new MessagePage(items, IdCursor.Write(LedgerIds.After(place)));
    }

    private static MessageItem ReadItem(NpgsqlDataReader row)
    {
        var (ids, recipients) = (row.GetFieldValue<Guid[]>(7), row.GetFieldValue<string[]>(8));
        var (states, causes) = (row.GetFieldValue<string[]>(9), row.GetFieldValue<string?[]>(10));
        var (paths, replies) = (row.GetFieldValue<string?[]>(11), row.GetFieldValue<string?[]>(12));
        return new MessageItem(
            row.GetGuid(0),
            row.GetGuid(1),
            MessageState.Of(states),
            row.GetString(2),
            row.GetString(3),
            row.GetString(4),
            row.IsDBNull(5) ? [] : row.GetFieldValue<string[]>(5),
            row.Time(6),
            [.. ids.Select((id, i) => new DeliveryItem(id, recipients[i], states[i], causes[i], paths[i], replies[i]))]
        );
    }
}
