using Npgsql;
using NpgsqlTypes;

namespace Gateway.Api.Reading;

/// <summary>Positional parameters, each with its type, in the order of <c>$1, $2, …</c>.</summary>
internal static class Statement
{
    public static NpgsqlBatchCommand Of(string sql, Guid tenant) => new NpgsqlBatchCommand(sql).With(tenant);

    public static NpgsqlBatchCommand With<T>(this NpgsqlBatchCommand command, T value)
    {
        command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
        return command;
    }

    public static NpgsqlBatchCommand With<T>(this NpgsqlBatchCommand command, NpgsqlDbType type, T value)
    {
        command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value, NpgsqlDbType = type });
        return command;
    }
}

internal static class Columns
{
    public static string? TextOrNull(this NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetString(column);

    public static Guid? IdOrNull(this NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetGuid(column);

    public static int? NumberOrNull(this NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetInt32(column);

    public static DateTimeOffset Time(this NpgsqlDataReader row, int column) =>
        row.GetFieldValue<DateTimeOffset>(column);

    public static DateTimeOffset? TimeOrNull(this NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.Time(column);

    public static System.Text.Json.JsonElement? JsonOrNull(this NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : System.Text.Json.JsonElement.Parse(row.GetString(column));
}
