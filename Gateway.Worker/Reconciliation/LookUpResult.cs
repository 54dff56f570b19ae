using System.Text.Json;
using Gateway.Database;
using Gateway.Ledger;
using Gateway.Providers;
using Npgsql;

namespace Gateway.Worker.Reconciliation;

/// <summary>
/// Writes down what a provider says of an unknown delivery: it has it, so it is sent; or it never will deliver it, so
/// it goes out once more at once, and nobody can receive it twice.
/// </summary>
public sealed class LookUpResult([FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger, TimeProvider clock)
{
    // Only while nobody leased it: who did is about to send it again, by the tenant's wish.
    private const string Sent = """
        WITH free AS (
            DELETE FROM deliveries_due d USING deliveries x
            WHERE d.delivery_id = $1 AND d.lease_until IS NULL
                AND x.tenant_id = $2 AND x.message_id = $3 AND x.delivery_id = $1 AND x.state = 'unknown' AND x.attempts = $4
            RETURNING d.delivery_id
        ), moved AS (
            UPDATE deliveries d SET state = 'sent', cause = $5, waiting_for = NULL, due_at = NULL, sequence = sequence + 1,
                updated_at = $6, ended_at = CASE WHEN $5 IS NOT NULL THEN $6 END
            FROM free f WHERE d.tenant_id = $2 AND d.message_id = $3 AND d.delivery_id = f.delivery_id
            RETURNING d.sequence
        ), noted AS (
            UPDATE attempts a SET provider_id = coalesce(a.provider_id, $7) FROM free f
            WHERE a.tenant_id = $2 AND a.message_id = $3 AND a.delivery_id = f.delivery_id AND a.number = $4
        )
        INSERT INTO events (tenant_id, bucket, id, message_id, delivery_id, sequence, type, state, at, data)
        SELECT $2, $3, $8, $3, $1, sequence, 'sent', 'sent', $6, $9::jsonb FROM moved RETURNING 1
        """;

    private const string Again = """
        WITH free AS (
            UPDATE deliveries_due d SET due_at = clock_timestamp(), waiting_for = NULL, fence = d.fence + 1
            FROM deliveries x
            WHERE d.delivery_id = $1 AND d.lease_until IS NULL
                AND x.tenant_id = $2 AND x.message_id = $3 AND x.delivery_id = $1 AND x.state = 'unknown' AND x.attempts = $4
            RETURNING d.delivery_id
        ), moved AS (
            UPDATE deliveries d SET state = 'queued', cause = NULL, waiting_for = NULL, due_at = clock_timestamp(),
                sequence = sequence + 1, updated_at = $5
            FROM free f WHERE d.tenant_id = $2 AND d.message_id = $3 AND d.delivery_id = f.delivery_id
            RETURNING d.sequence
        )
        INSERT INTO events (tenant_id, bucket, id, message_id, delivery_id, sequence, type, state, at, data)
        SELECT $2, $3, $6, $3, $1, sequence, 'rerouted', 'queued', $5, $7::jsonb FROM moved RETURNING 1
        """;

    /// <summary>The provider has it. False where it is not unknown any more.</summary>
    /// <param name="isFinal">The path tells nothing of what becomes of it.</param>
    public Task<bool> TakenAsync(LookUpTask task, LookUp said, bool isFinal, CancellationToken cancel) =>
        RunAsync(
            Sent,
            cancel,
            task.Sent.DeliveryId,
            task.TenantId,
            task.MessageId,
            task.Sent.Attempt,
            isFinal ? "final" : DBNull.Value,
            clock.GetUtcNow().UtcDateTime,
            (object?)said.ProviderId ?? DBNull.Value,
            LedgerId.New(clock.GetUtcNow()),
            Data(task, said)
        );

    /// <summary>The provider does not have it, or will not deliver it. False where it is not unknown any more.</summary>
    public Task<bool> NotTakenAsync(LookUpTask task, LookUp said, CancellationToken cancel) =>
        RunAsync(
            Again,
            cancel,
            task.Sent.DeliveryId,
            task.TenantId,
            task.MessageId,
            task.Sent.Attempt,
            clock.GetUtcNow().UtcDateTime,
            LedgerId.New(clock.GetUtcNow()),
            Data(task, said)
        );

    private static string Data(LookUpTask task, LookUp said) =>
        JsonSerializer.Serialize(
            new
            {
                attempt = task.Sent.Attempt,
                path = task.Path,
                source = "lookup",
                reply = said.Detail.Replace("\0", "\uFFFD", StringComparison.Ordinal),
            }
        );

    private async Task<bool> RunAsync(string sql, CancellationToken cancel, params object[] values)
    {
        await using var command = ledger.CreateCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(
                value is DBNull
                    ? new() { Value = value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text }
                    : new() { Value = value }
            );
        }

        return await command.ExecuteScalarAsync(cancel) is not null;
    }
}
