using Gateway.Ledger;
using Gateway.Mail;
using Npgsql;

namespace Gateway.Worker.Delivery;

/// <summary>
/// A result whose lease was lost changes neither lease nor queue. It is appended to its attempt; where the delivery
/// still is <c>unknown</c> it says what was unknown, else a hand-over that succeeded late may be a duplicate.
/// </summary>
internal sealed class LateResults(NpgsqlDataSource ledger, TimeProvider clock)
{
    private const string Append = """
        UPDATE attempts SET ended_at = $1, outcome = $2, scope = $3, phase = $4, reply = $5, provider_id = $6, late = true
        WHERE tenant_id = $7 AND message_id = $8 AND delivery_id = $9 AND number = $10 AND outcome IS NULL
        RETURNING 1
        """;

    // Only while nobody leased it again: the row is locked in the order of all other writers.
    private const string Resolve = """
        WITH free AS (
            DELETE FROM deliveries_due d USING deliveries x
            WHERE d.delivery_id = $1 AND d.lease_until IS NULL
                AND x.tenant_id = $2 AND x.message_id = $3 AND x.delivery_id = $1 AND x.state = 'unknown'
            RETURNING d.delivery_id
        ), moved AS (
            UPDATE deliveries d SET state = $4, cause = $5, waiting_for = NULL, due_at = NULL, sequence = sequence + 1,
                updated_at = $6, ended_at = CASE WHEN $7 THEN $6 END
            FROM free f WHERE d.tenant_id = $2 AND d.message_id = $3 AND d.delivery_id = f.delivery_id
            RETURNING d.sequence
        )
        INSERT INTO events (tenant_id, bucket, id, message_id, delivery_id, sequence, type, state, at, data)
        SELECT $2, $3, $8, $3, $1, sequence, $4, $4, $6, $9::jsonb FROM moved RETURNING 1
        """;

    private const string NoteDuplicate = """
        WITH moved AS (
            UPDATE deliveries SET sequence = sequence + 1
            WHERE tenant_id = $2 AND message_id = $3 AND delivery_id = $1 RETURNING sequence
        )
        INSERT INTO events (tenant_id, bucket, id, message_id, delivery_id, sequence, type, state, at, data)
        SELECT $2, $3, $5, $3, $1, sequence, 'possible_duplicate', NULL, $4, $6::jsonb FROM moved
        """;

    public async Task AppendAsync(RecordItem item, CancellationToken cancel)
    {
        if (item.Result is not { } result || item.Attempt == 0 || item.IsKnown)
        {
            return;
        }

        var (now, claim) = (clock.GetUtcNow(), item.Claim);
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var first = await RunAsync(
            connection,
            Append,
            cancel,
            now.UtcDateTime,
            result.Outcome.ToString(),
            result.Scope.ToString(),
            result.Phase,
            result.Reply.Replace("\0", "\uFFFD", StringComparison.Ordinal),
            (object?)result.ProviderId ?? DBNull.Value,
            claim.TenantId,
            claim.MessageId,
            claim.DeliveryId,
            item.Attempt
        );
        if (first)
        {
            // A result written a second time after a lost answer finds its attempt closed, and ends here.
            await SettleAsync(connection, item, result.Outcome, now, cancel);
        }

        await transaction.CommitAsync(cancel);
    }

    private static async Task SettleAsync(
        NpgsqlConnection connection,
        RecordItem item,
        Outcome outcome,
        DateTimeOffset now,
        CancellationToken cancel
    )
    {
        var (claim, data) = (item.Claim, RecordStatement.EventData(item));
        var conclusive = item.Step.State is DeliveryState.Sent or DeliveryState.Bounced;
        var resolved =
            conclusive
            && await RunAsync(
                connection,
                Resolve,
                cancel,
                claim.DeliveryId,
                claim.TenantId,
                claim.MessageId,
                item.Step.State,
                (object?)item.Step.Cause ?? DBNull.Value,
                now.UtcDateTime,
                DeliveryState.IsEnd(item.Step.State) || item.Step.Cause == "final",
                LedgerId.New(now),
                data
            );
        if (!resolved && outcome == Outcome.Accepted)
        {
            await RunAsync(
                connection,
                NoteDuplicate,
                cancel,
                claim.DeliveryId,
                claim.TenantId,
                claim.MessageId,
                now.UtcDateTime,
                LedgerId.New(now),
                data
            );
        }
    }

    private static async Task<bool> RunAsync(
        NpgsqlConnection connection,
        string sql,
        CancellationToken cancel,
        params object[] values
    )
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
        {
            command.Parameters.AddWithValue(value);
        }

        return await command.ExecuteScalarAsync(cancel) is not null;
    }
}
