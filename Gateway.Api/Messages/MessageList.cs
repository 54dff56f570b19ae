using Gateway.Api.Reading;
using Npgsql;

namespace Gateway.Api.Messages;

/// <summary>Lists a tenant's messages, newest first: the ids of the page by an index, then what belongs to each.</summary>
internal sealed class MessageList(TenantLedger ledger)
{
    // The laterals are looked up by id, each in its own day only; as plain joins they might be hashed over all days. The
    // bounds say nothing new, but days outside them are then not even planned.
    private const string Items = """
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
        ORDER BY p.message_id DESC
        """;

    public Task<MessagePage> ReadAsync(Guid tenant, MessageFilter filter, CancellationToken cancel) =>
        ledger.ReadAsync(
            tenant,
            [Build(tenant, filter)],
            reader => ReadPageAsync(reader, filter.Limit, cancel),
            cancel
        );

    /// <summary>Where a list of more than <paramref name="most"/> messages is to be gone on with; null where it ends before.</summary>
    public async Task<string?> FindEndAsync(Guid tenant, MessageFilter filter, int most, CancellationToken cancel) =>
        await ledger.ReadAsync(
            tenant,
            [BuildEnd(tenant, filter, most)],
            async reader => await reader.ReadAsync(cancel) ? reader.GetGuid(0) : (Guid?)null,
            cancel
        )
            is { } last
            ? IdCursor.Write(last)
            : null;

    /// <summary>The last of the first messages, where one more follows it.</summary>
    private static NpgsqlBatchCommand BuildEnd(Guid tenant, MessageFilter filter, int most)
    {
        var (command, page) = BuildPage(tenant, filter with { Limit = most });
        command.CommandText = $"""
            SELECT message_id FROM (SELECT message_id, lead(message_id) OVER w AS following, row_number() OVER w AS row
                FROM ({page}) p WINDOW w AS (ORDER BY message_id DESC)) numbered
            WHERE row = {most} AND following IS NOT NULL
            """;
        return command;
    }

    internal static NpgsqlBatchCommand Build(Guid tenant, MessageFilter filter)
    {
        var (command, page) = BuildPage(tenant, filter);
        command.CommandText = $"WITH page AS MATERIALIZED ({page}) {Items}";
        return command;
    }

    private static (NpgsqlBatchCommand Command, string Page) BuildPage(Guid tenant, MessageFilter filter)
    {
        // One more than asked for tells whether there is a next page.
        var command = Statement.Of("", tenant).With(filter.Below).With(filter.From).With(filter.Limit + 1);
        var onDelivery = new List<string>();
        var onMessage = new List<string>();
        Condition(onDelivery, "d.recipient_key =", filter.RecipientKey);
        if (filter.States.Count > 0)
        {
            onDelivery.Add($" AND {StateFilter.Of(filter.States)}");
        }

        Condition(onDelivery, "d.path =", filter.Path);
        Condition(onDelivery, "d.cause =", filter.Cause);
        if (filter.Tag is not null)
        {
            onMessage.Add($" AND ${command.With(filter.Tag).Parameters.Count} = ANY (m.tags)");
        }

        if (filter.Submission is { } submission)
        {
            onMessage.Add($" AND m.submission_id = ${command.With(submission).Parameters.Count}");
        }

        return (command, Page(onDelivery, onMessage));

        void Condition(List<string> conditions, string test, string? value)
        {
            if (value is not null)
            {
                conditions.Add($" AND {test} ${command.With(value).Parameters.Count}");
            }
        }
    }

    /// <summary>All filters on deliveries must hold for one and the same delivery of the message.</summary>
    private static string Page(List<string> onDelivery, List<string> onMessage)
    {
        var message = $"""
            SELECT m.message_id FROM messages m
            WHERE m.tenant_id = $1 AND m.message_id < $2 AND m.message_id >= $3{string.Concat(onMessage)}
            """;
        return onDelivery.Count == 0
            ? $"{message} ORDER BY m.message_id DESC LIMIT $4"
            : $"""
                SELECT DISTINCT d.message_id FROM deliveries d
                WHERE d.tenant_id = $1 AND d.message_id < $2 AND d.message_id >= $3{string.Concat(onDelivery)}
                {(onMessage.Count == 0 ? "" : $"AND EXISTS ({message} AND m.message_id = d.message_id)")}
                ORDER BY d.message_id DESC LIMIT $4
                """;
    }

    private static async Task<MessagePage> ReadPageAsync(NpgsqlDataReader reader, int limit, CancellationToken cancel)
    {
        var items = new List<MessageItem>();
        while (await reader.ReadAsync(cancel))
        {
            if (items.Count == limit)
            {
                return new MessagePage(items, IdCursor.Write(items[^1].Id));
            }

            items.Add(ReadItem(reader));
        }

        return new MessagePage(items, null);
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
