using Gateway.Database;
using Gateway.Ledger;
using Gateway.Worker.Telemetry;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Worker.Delivery;

/// <summary>
/// Renews the worker's leases, gives them back at its end, and takes up those of workers that went away: what was not
/// begun is due again, silently; what was begun may have been sent, and is <c>unknown</c>.
/// </summary>
public sealed class LeaseKeeper(
    [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger,
    HeldLeases held,
    WorkerSignals signals,
    TimeProvider clock,
    ILogger<LeaseKeeper> log,
    LeaseTimes? leaseTimes = null
) : BackgroundService
{
    private readonly LeaseTimes times = leaseTimes ?? LeaseTimes.Default;

    private const string Renew = """
        UPDATE deliveries_due d SET lease_until = clock_timestamp() + $3::interval
        FROM (SELECT * FROM unnest($1::uuid[], $2::bigint[]) AS l (delivery_id, fence) ORDER BY 1) l
        WHERE d.delivery_id = l.delivery_id AND d.fence = l.fence AND d.lease_until > clock_timestamp()
        """;

    private const string Release = """
        UPDATE deliveries_due d SET lease_until = NULL
        FROM (SELECT * FROM unnest($1::uuid[], $2::bigint[]) AS l (delivery_id, fence) ORDER BY 1) l
        WHERE d.delivery_id = l.delivery_id AND d.fence = l.fence AND NOT d.begun
        """;

    // The lease is not indexed, so that claims stay heap-only updates: the sweep reads the (small) table.
    private const string TakeUp = """
        WITH expired AS MATERIALIZED (
            SELECT delivery_id, tenant_id, message_id, stream, begun FROM deliveries_due
            WHERE lease_until < clock_timestamp()
            ORDER BY delivery_id LIMIT 1000 FOR UPDATE SKIP LOCKED
        ), back AS (
            UPDATE deliveries_due d
            SET lease_until = NULL, begun = false, fence = d.fence + e.begun::int,
                due_at = CASE WHEN e.begun THEN clock_timestamp()
                    + CASE e.stream WHEN 'transactional' THEN $1::interval ELSE $2::interval END ELSE d.due_at END,
                waiting_for = CASE WHEN e.begun THEN 'reconciliation' ELSE d.waiting_for END
            FROM expired e WHERE d.delivery_id = e.delivery_id
            RETURNING d.delivery_id, d.due_at
        ), moved AS (
            UPDATE deliveries d SET state = 'unknown', cause = NULL, waiting_for = 'reconciliation', due_at = b.due_at,
                sequence = sequence + 1, updated_at = clock_timestamp()
            FROM expired e JOIN back b USING (delivery_id)
            WHERE e.begun AND d.tenant_id = e.tenant_id AND d.message_id = e.message_id AND d.delivery_id = e.delivery_id
            RETURNING d.tenant_id, d.message_id, d.delivery_id, d.sequence, d.attempts, d.path
        ), told AS (
            INSERT INTO events (tenant_id, bucket, id, message_id, delivery_id, sequence, type, state, at, data)
            SELECT tenant_id, message_id, gen_random_uuid(), message_id, delivery_id, sequence, 'unknown', 'unknown',
                clock_timestamp(), jsonb_build_object('attempt', attempts, 'path', path, 'reason', 'lease_expired')
            FROM moved
        )
        SELECT (SELECT count(*) FROM expired WHERE NOT begun), (SELECT count(*) FROM moved)
        """;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var maySweepAt = clock.GetUtcNow() + times.QuietAfterReturn;
        var renewAt = clock.GetUtcNow() + times.RenewEach;
        using var timer = new PeriodicTimer(times.SweepEach, clock);
        while (await WaitAsync(timer, stoppingToken))
        {
            try
            {
                if (clock.GetUtcNow() >= renewAt)
                {
                    await RunAsync(Renew, held.All, stoppingToken, times.Length);
                    renewAt = clock.GetUtcNow() + times.RenewEach;
                }

                if (clock.GetUtcNow() >= maySweepAt)
                {
                    await SweepAsync(stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception problem) when (problem is NpgsqlException or IOException or TimeoutException)
            {
                WorkerLog.LeasesNotKept(log, problem.Message);
                maySweepAt = clock.GetUtcNow() + times.QuietAfterReturn;
            }
        }
    }

    /// <summary>Gives leases back as they were, unless a send has begun.</summary>
    public async Task ReleaseAsync(IReadOnlyCollection<Claim> claims, CancellationToken cancel)
    {
        if (claims.Count > 0)
        {
            await RunAsync(Release, claims, cancel);
            signals.MailCameBack();
        }
    }

    public async Task SweepAsync(CancellationToken cancel)
    {
        await using var command = ledger.CreateCommand(TakeUp);
        command.Parameters.AddWithValue(RetryPolicy.UnknownFor("transactional"));
        command.Parameters.AddWithValue(RetryPolicy.UnknownFor("broadcast"));
        await using var reader = await command.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
        var (requeued, unknown) = ((int)reader.GetInt64(0), (int)reader.GetInt64(1));
        if (requeued + unknown > 0)
        {
            GatewayTelemetry.LeasesExpired.Add(requeued, new KeyValuePair<string, object?>("begun", false));
            GatewayTelemetry.LeasesExpired.Add(unknown, new KeyValuePair<string, object?>("begun", true));
            WorkerLog.LeasesExpired(log, requeued, unknown);
            signals.MailCameBack();
        }
    }

    private async Task RunAsync(
        string sql,
        IReadOnlyCollection<Claim> claims,
        CancellationToken cancel,
        TimeSpan? lease = null
    )
    {
        if (claims.Count == 0)
        {
            return;
        }

        await using var command = ledger.CreateCommand(sql);
        command.Parameters.Add(
            new()
            {
                Value = claims.Select(c => c.DeliveryId).ToArray(),
                NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid,
            }
        );
        command.Parameters.Add(
            new()
            {
                Value = claims.Select(c => c.Fence).ToArray(),
                NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint,
            }
        );
        if (lease is { } length)
        {
            command.Parameters.AddWithValue(length);
        }

        await command.ExecuteNonQueryAsync(cancel);
    }

    private static async ValueTask<bool> WaitAsync(PeriodicTimer timer, CancellationToken cancel)
    {
        try
        {
            return await timer.WaitForNextTickAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
