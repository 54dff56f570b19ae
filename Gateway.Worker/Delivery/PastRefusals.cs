using Gateway.Database;
using Gateway.Mail;
using Gateway.Providers;
using Npgsql;

namespace Gateway.Worker.Delivery;

/// <summary>Reads the last attempt of deliveries that wait for the verdict on it: few, so each on its own.</summary>
public sealed class PastRefusals([FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger)
{
    private const string Read = """
        SELECT number, path, outcome, scope, phase, reply, ended_at FROM attempts
        WHERE tenant_id = $1 AND message_id = $2 AND delivery_id = $3 ORDER BY number DESC LIMIT 1
        """;

    /// <summary>Null where the last attempt was no refusal.</summary>
    public async Task<PastRefusal?> FindAsync(Claim claim, CancellationToken cancel)
    {
        await using var command = ledger.CreateCommand(Read);
        command.Parameters.AddWithValue(claim.TenantId);
        command.Parameters.AddWithValue(claim.MessageId);
        command.Parameters.AddWithValue(claim.DeliveryId);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        return
            await reader.ReadAsync(cancel)
            && !reader.IsDBNull(2)
            && Enum.TryParse<Outcome>(reader.GetString(2), out var outcome)
            && Health.BounceBreaker.IsRefusal(outcome)
            ? new PastRefusal(
                reader.GetInt32(0),
                reader.GetString(1),
                new SendResult(
                    outcome,
                    Enum.TryParse<OutcomeScope>(reader.GetString(3), out var scope) ? scope : OutcomeScope.None,
                    reader.GetString(4),
                    reader.GetString(5)
                ),
                reader.GetFieldValue<DateTimeOffset>(6)
            )
            : null;
    }
}
