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
}
