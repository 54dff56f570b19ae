using Gateway.Database;
using Npgsql;

namespace Gateway.Worker.Delivery;

/// <summary>
/// Claims due deliveries as fenced leases, fair between lanes. A claim may be lost by a crash of the database (it
/// commits asynchronously): then nobody holds the lease and the row is simply still due.
/// </summary>
public sealed class DeliveryQueue(
    [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger,
    TimeProvider clock,
    LeaseTimes? times = null
)
{
    private readonly TimeSpan lease = (times ?? LeaseTimes.Default).Length;
    private readonly ClaimBounds bounds = new(clock);
    private readonly LaneReader lanes = new(ledger, clock);

    /// <summary>Forgets what it remembers of lanes: something older than the bound may be due again.</summary>
    public void Forget()
    {
        bounds.Forget();
        lanes.Forget();
    }

    /// <summary>Leases at most <paramref name="free"/> due deliveries; none where nothing is due.</summary>
    public Task<IReadOnlyList<Claim>> ClaimAsync(int free, CancellationToken cancel) => ClaimAsync(free, free, cancel);

    /// <param name="forBroadcast">Of these at most so many of broadcast lanes.</param>
    public async Task<IReadOnlyList<Claim>> ClaimAsync(int free, int forBroadcast, CancellationToken cancel)
    {
        await lanes.RefreshAsync(cancel);
        var quotas = LaneShare.Divide(lanes.Book.Lanes, free, forBroadcast);
        if (quotas.Count == 0)
        {
            return [];
        }

        await using var connection = await ledger.OpenConnectionAsync(cancel);
        var claims = await ClaimAsync(connection, quotas, cancel);
        lanes.Book.Serve(quotas, claims);
        if (claims.Count == 0)
        {
            // The lanes that were known are empty now: look again before the next claim.
            lanes.Forget();
        }

        return claims;
    }

    private async Task<List<Claim>> ClaimAsync(
        NpgsqlConnection connection,
        IReadOnlyList<LaneQuota> quotas,
        CancellationToken cancel
    )
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand("SELECT set_config('synchronous_commit', 'off', true)"));
        batch.BatchCommands.Add(ClaimStatement.Build(quotas, bounds.Of, lanes.Book.ClockOf, lease));
        await using var reader = await batch.ExecuteReaderAsync(cancel);
        await reader.NextResultAsync(cancel);
        var claims = new List<Claim>();
        while (await reader.ReadAsync(cancel))
        {
            var claimed = new Claim(
                reader.GetGuid(0),
                reader.GetGuid(1),
                reader.GetGuid(2),
                reader.GetString(3),
                reader.GetInt64(4)
            );
            claims.Add(claimed);
            bounds.Saw(claimed, reader.GetDateTime(5), databaseNow: reader.GetDateTime(6));
        }

        return claims;
    }
}
