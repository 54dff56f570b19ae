using Gateway.Api.Reading;
using Npgsql;

namespace Gateway.Api.Messages;

/// <summary>
/// The ids of one page of a list as SQL, newest first. Where an index holds what is asked for, it is asked. Else the
/// tenant's rows are walked, and no request walks more than <see cref="RowsAWalk"/>: what was found by then is the page, and
/// the list goes on where the walk stopped. An index for each filter would cost every accepted message.
/// </summary>
internal sealed class MessageQuery
{
    /// <summary>Some tenths of a second on a busy machine.</summary>
    public const int RowsAWalk = 50_000;

    private readonly List<string> onDelivery = [];
    private readonly List<string> onMessage = [];
    private readonly bool isWalk;

    /// <param name="tenant">Whose messages.</param>
    /// <param name="filter">Which.</param>
    public MessageQuery(Guid tenant, MessageFilter filter)
    {
        isWalk = filter.IsWalk;
        // One more than asked for tells whether there is a next page.
        Command = Statement.Of("", tenant).With(filter.Below).With(filter.From).With(filter.Limit + 1);
        OnDelivery("d.recipient_key =", filter.RecipientKey);
        if (filter.States.Count > 0)
        {
            onDelivery.Add($" AND {StateFilter.Of(filter.States)}");
        }

        OnDelivery("d.path =", filter.Path);
        OnDelivery("d.cause =", filter.Cause);
        if (filter.Tag is not null)
        {
            onMessage.Add($" AND ${Command.With(filter.Tag).Parameters.Count} = ANY (m.tags)");
        }

        if (filter.Submission is { } submission)
        {
            onMessage.Add($" AND m.submission_id = ${Command.With(submission).Parameters.Count}");
        }
    }

    /// <summary>With the parameters of all that is here, and no text yet.</summary>
    public NpgsqlBatchCommand Command { get; }

    /// <summary><c>page</c>: the ids, and <c>stop</c>: where a walk stopped before the page was full, else nothing.</summary>
    public string With =>
        $"""
            WITH page AS MATERIALIZED ({Page}), stop AS ({(
                isWalk ? Stop : "SELECT NULL::uuid AS message_id WHERE false"
            )})
            """;

    // All filters on deliveries must hold for one and the same delivery of the message.
    private string Page =>
        onDelivery.Count == 0
            ? $"""
                SELECT m.message_id FROM {Rows("messages", "message_id, tags, submission_id")} m
                WHERE {Bounds("m")}{string.Concat(onMessage)} ORDER BY m.message_id DESC LIMIT $4
                """
            : $"""
                SELECT DISTINCT d.message_id FROM {Rows("deliveries", "message_id, state, path, cause")} d
                WHERE {Bounds("d")}{string.Concat(onDelivery)}{OfMessage} ORDER BY d.message_id DESC LIMIT $4
                """;

    private string OfMessage =>
        onMessage.Count == 0
            ? ""
            : $"""
                 AND EXISTS (SELECT FROM messages m WHERE m.tenant_id = $1 AND m.message_id = d.message_id
                    AND m.message_id < $2 AND m.message_id >= $3{string.Concat(onMessage)})
                """;

    /// <summary>Not even looked for where the page is full.</summary>
    private string Stop =>
        $"""
            SELECT w.message_id FROM (SELECT r.message_id FROM {(onDelivery.Count == 0 ? "messages" : "deliveries")} r
                WHERE {Bounds("r")} ORDER BY r.message_id DESC OFFSET {RowsAWalk - 1} LIMIT 1) w
            WHERE (SELECT count(*) FROM page) < $4
            """;

    private string Rows(string table, string columns) =>
        isWalk
            ? $"(SELECT tenant_id, {columns} FROM {table} r WHERE {Bounds("r")} ORDER BY r.message_id DESC LIMIT {RowsAWalk})"
            : table;

    private static string Bounds(string row) =>
        $"{row}.tenant_id = $1 AND {row}.message_id < $2 AND {row}.message_id >= $3";

    private void OnDelivery(string test, string? value)
    {
        if (value is not null)
        {
            onDelivery.Add($" AND {test} ${Command.With(value).Parameters.Count}");
        }
    }
}
