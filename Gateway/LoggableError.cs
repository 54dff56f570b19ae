using Npgsql;

namespace Gateway;

/// <summary>
/// An exception as it may be logged. PostgreSQL quotes the value it refuses (a text that is no uuid, a line of JSON), and
/// Npgsql prints that with the exception.
/// </summary>
public sealed class LoggableError : Exception
{
    private readonly string text;

    private LoggableError(PostgresException problem)
        : base($"PostgreSQL refused a statement: {problem.SqlState} in {problem.Routine}") =>
        text = $"{Message}{Environment.NewLine}{problem.StackTrace}";

    /// <summary>The exception itself, unless it holds what PostgreSQL said of a value.</summary>
    public static Exception Of(Exception problem)
    {
        for (var inner = problem; inner is not null; inner = inner.InnerException)
        {
            // Classes 22 and 23: data. What it says of any other statement names tables, columns and constraints.
            if (inner is PostgresException { SqlState: ['2', '2', ..] or ['2', '3', ..] } refusal)
            {
                return new LoggableError(refusal);
            }
        }

        return problem;
    }

    public override string ToString() => text;
}
