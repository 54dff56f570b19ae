using Npgsql;

namespace Gateway.Database;

/// <summary>Whether an error says that the ledger is away, starting, stopping or too busy; all else that PostgreSQL says of a statement is a bug of ours.</summary>
public static class LedgerAway
{
    public static bool Is(Exception problem) =>
        problem switch
        {
            PostgresException refusal => refusal.IsTransient
                || refusal.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.QueryCanceled
                || refusal.SqlState.StartsWith("53", StringComparison.Ordinal)
                || refusal.SqlState.StartsWith("57P", StringComparison.Ordinal),
            NpgsqlException or TimeoutException or IOException => true,
            _ => false,
        };
}
