using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using StackExchange.Redis;

namespace ServiceDefaults.Health;

/// <summary>The looks at the two clients every host may have, wherever their registration comes from.</summary>
internal static class ClientChecks
{
    public static DependencyCheck Ledger { get; } =
        new("ledger", LookAtLedgerAsync) { Client = typeof(NpgsqlDataSource) };

    public static DependencyCheck Redis { get; } =
        new("redis", LookAtRedisAsync) { Client = typeof(IConnectionMultiplexer) };

    private static async Task LookAtLedgerAsync(IServiceProvider services, CancellationToken cancel)
    {
        await using var command = services.GetRequiredService<NpgsqlDataSource>().CreateCommand("SELECT 1");
        await command.ExecuteNonQueryAsync(cancel);
    }

    private static Task LookAtRedisAsync(IServiceProvider services, CancellationToken cancel)
    {
        var redis = services.GetRequiredService<IConnectionMultiplexer>();
        // Without a connection a command would wait in the client's backlog until there is one.
        return redis.IsConnected ? redis.GetDatabase().PingAsync() : throw new IOException("not connected");
    }
}
