using Gateway.Database;
using Gateway.Reports;
using Npgsql;

namespace Gateway.Webhooks.Inbound;

/// <summary>Drops what was read long ago, a little at a time; one replica at a time.</summary>
internal sealed class InboundUpkeep([FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger, TimeProvider clock)
{
    private const int AtOnce = 5_000;

    /// <summary>Batches in one round.</summary>
    private const int MostRounds = 200;

    // Ids rise with time. What could not be read is kept longer.
    private const string DropRequests = """
        DELETE FROM inbound_events WHERE inbound_id IN (
            SELECT e.inbound_id FROM inbound_events e
            WHERE e.inbound_id < $1 AND NOT EXISTS (SELECT FROM inbound_due d WHERE d.inbound_id = e.inbound_id)
            ORDER BY e.inbound_id LIMIT $2)
        """;

    private const string GiveUp = "DELETE FROM inbound_due WHERE inbound_id < $1";

    private const string DropOrphans = """
        DELETE FROM inbound_orphans WHERE (inbound_id, name) IN (
            SELECT inbound_id, name FROM inbound_orphans WHERE inbound_id < $1 ORDER BY inbound_id LIMIT $2)
        """;

    private const string DropTokens = """
        DELETE FROM inbound_tokens WHERE token IN (
            SELECT token FROM inbound_tokens WHERE seen_at < $1 ORDER BY seen_at LIMIT $2)
        """;

    public async Task RunAsync(CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        var kept = Ledger.LedgerId.FirstOf(now - InboundLimits.KeptFor);
        await RunAsync(GiveUp, Ledger.LedgerId.FirstOf(now - InboundLimits.KeptUnread), null, cancel);
        for (var round = 0; round < MostRounds; round++)
        {
            var dropped =
                await RunAsync(DropRequests, kept, AtOnce, cancel)
                + await RunAsync(DropOrphans, kept, AtOnce, cancel)
                + await RunAsync(DropTokens, (now - InboundLimits.TokensKeptFor).UtcDateTime, AtOnce, cancel)
                + await SeenReports.ForgetAsync(ledger, AtOnce, now, cancel);
            if (dropped == 0)
            {
                return;
            }
        }
    }

    private async Task<int> RunAsync(string sql, object bound, int? most, CancellationToken cancel)
    {
        await using var command = ledger.CreateCommand(sql);
        command.Parameters.AddWithValue(bound);
        if (most is { } count)
        {
            command.Parameters.AddWithValue(count);
        }

        return await command.ExecuteNonQueryAsync(cancel);
    }
}
