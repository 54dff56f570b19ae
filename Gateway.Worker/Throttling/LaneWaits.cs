using Gateway.Database;
using Npgsql;

namespace Gateway.Worker.Throttling;

/// <summary>
/// Shows on the lane that all of its mail waits for a limit, so that claims pass over it whole. The turns themselves
/// stand in the rows since acceptance; this is drawn from them and may be late or lost: the lane opens with its first turn.
/// </summary>
public sealed partial class LaneWaits(
    [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger,
    TimeProvider clock,
    ILogger<LaneWaits> log
) : BackgroundService
{
    private static readonly TimeSpan Each = TimeSpan.FromSeconds(1);

    // One index descent a lane, as in the claim. A lane's first row tells all: rows are read in the order of due_at.
    private const string Shadow = """
        WITH RECURSIVE found AS (
            (SELECT tenant_id, stream FROM deliveries_due ORDER BY tenant_id, stream LIMIT 1)
            UNION ALL
            SELECT n.tenant_id, n.stream FROM found f, LATERAL (
                SELECT d.tenant_id, d.stream FROM deliveries_due d
                WHERE (d.tenant_id, d.stream) > (f.tenant_id, f.stream)
                ORDER BY d.tenant_id, d.stream LIMIT 1) n
        ), first AS (
            SELECT f.tenant_id, f.stream, d.due_at, d.waiting_for
            FROM found f CROSS JOIN LATERAL (
                SELECT due_at, waiting_for FROM deliveries_due d
                WHERE d.tenant_id = f.tenant_id AND d.stream = f.stream ORDER BY d.due_at, d.delivery_id LIMIT 1) d
            WHERE d.due_at > now() + interval '2 seconds' AND d.waiting_for IN ('limit:tenant', 'limit:stream')
        ), closed AS (
            INSERT INTO lanes AS l (tenant_id, stream, not_before, waiting_for)
            SELECT tenant_id, stream, due_at, waiting_for FROM first ORDER BY 1, 2
            ON CONFLICT (tenant_id, stream) DO UPDATE SET not_before = excluded.not_before, waiting_for = excluded.waiting_for
            WHERE (l.waiting_for IS NULL AND coalesce(l.not_before, '-infinity') <= now())
                OR (l.waiting_for LIKE 'limit:%' AND (l.not_before, l.waiting_for) IS DISTINCT FROM (excluded.not_before, excluded.waiting_for))
        )
        UPDATE lanes l SET not_before = NULL, waiting_for = NULL
        WHERE l.waiting_for LIKE 'limit:%'
            AND NOT EXISTS (SELECT FROM first f WHERE f.tenant_id = l.tenant_id AND f.stream = l.stream)
        """;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Each, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await DrawAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    /// <summary>Sets and clears <c>lanes.not_before</c> by what is due first in each lane.</summary>
    public async Task DrawAsync(CancellationToken cancel)
    {
        try
        {
            await using var command = ledger.CreateCommand(Shadow);
            await command.ExecuteNonQueryAsync(cancel);
        }
        catch (Exception problem) when (problem is NpgsqlException or TimeoutException or IOException)
        {
            NotDrawn(log, problem.Message);
        }
    }

    [LoggerMessage(1, LogLevel.Debug, "Waiting lanes were not marked: {Problem}")]
    private static partial void NotDrawn(ILogger log, string problem);
}
