using Npgsql;
using NpgsqlTypes;

namespace Gateway.Database;

/// <summary>Turns a batch of items into the column arrays of a statement, in the order of its parameters.</summary>
public readonly struct StatementColumns(NpgsqlParameterCollection parameters)
{
    public StatementColumns Add<TItem, TValue>(
        NpgsqlDbType element,
        IReadOnlyList<TItem> items,
        Func<TItem, TValue> value
    )
    {
        var column = new TValue[items.Count];
        for (var i = 0; i < column.Length; i++)
        {
            column[i] = value(items[i]);
        }

        parameters.Add(
            new NpgsqlParameter<TValue[]> { TypedValue = column, NpgsqlDbType = NpgsqlDbType.Array | element }
        );
        return this;
    }

    public StatementColumns Add(DateTimeOffset time)
    {
        parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = time.UtcDateTime });
        return this;
    }
}
