using Npgsql;
using NpgsqlTypes;

namespace Gateway.Webhooks.Outbound;

/// <summary>Positional parameters and nullable columns.</summary>
internal static class StatementValues
{
    /// <summary>A column of many rows, for <c>unnest</c>.</summary>
    public static void AddAll<TItem, T>(
        this NpgsqlParameterCollection parameters,
        NpgsqlDbType type,
        IReadOnlyCollection<TItem> items,
        Func<TItem, T> value
    ) =>
        parameters.Add(
            new NpgsqlParameter<T[]> { TypedValue = [.. items.Select(value)], NpgsqlDbType = NpgsqlDbType.Array | type }
        );

    public static void AddOne<T>(this NpgsqlParameterCollection parameters, NpgsqlDbType type, T value) =>
        parameters.Add(new NpgsqlParameter<T> { TypedValue = value, NpgsqlDbType = type });

    public static string? TextOrNull(this NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetString(column);

    public static Guid? IdOrNull(this NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetGuid(column);

    public static int? NumberOrNull(this NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetInt32(column);

    public static DateTimeOffset? TimeOrNull(this NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
}
