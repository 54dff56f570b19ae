using Npgsql;
using NpgsqlTypes;

namespace Gateway.Worker.Delivery;

/// <summary>Turns a batch of items into the column arrays of a statement.</summary>
internal readonly struct StatementParameters(NpgsqlParameterCollection parameters)
{
    public void Add<TItem, TValue>(NpgsqlDbType element, IReadOnlyList<TItem> items, Func<TItem, TValue> value)
    {
        var column = new TValue[items.Count];
        for (var i = 0; i < column.Length; i++)
        {
            column[i] = value(items[i]);
        }

        parameters.Add(
            new NpgsqlParameter<TValue[]> { TypedValue = column, NpgsqlDbType = NpgsqlDbType.Array | element }
        );
    }

    public void Add(DateTimeOffset time) =>
        parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = time.UtcDateTime });

    /// <summary>Least and greatest message id of the batch: the bounds by which partitions are pruned.</summary>
    public void AddDays<TItem>(IReadOnlyList<TItem> items, Func<TItem, Guid> messageId)
    {
        var (least, greatest) = (messageId(items[0]), messageId(items[0]));
        foreach (var item in items)
        {
            var id = messageId(item);
            // PostgreSQL orders uuids as big-endian bytes; Guid.CompareTo orders version 7 ids the same way.
            least = id.CompareTo(least) < 0 ? id : least;
            greatest = id.CompareTo(greatest) > 0 ? id : greatest;
        }

        parameters.Add(new NpgsqlParameter<Guid> { TypedValue = least });
        parameters.Add(new NpgsqlParameter<Guid> { TypedValue = greatest });
    }
}
