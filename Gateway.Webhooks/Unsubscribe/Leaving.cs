using Gateway.Database;
using Gateway.Ledger;
using Gateway.Reports;
using Gateway.ReturnMail;
using Gateway.Suppressions;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Webhooks.Unsubscribe;

/// <summary>
/// A recipient leaves: the event is told, and the suppression is there before anybody answers. Both may be done again: a
/// program that asks twice leaves once.
/// </summary>
internal sealed class Leaving(
    [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger,
    ReportRecorder recorder,
    TimeProvider clock
)
{
    // What is left of the rule here: whose word it is and which streams it is about (SuppressionRules). Of test mail nobody
    // leaves.
    private const string Suppress = """
        INSERT INTO suppressions AS s (tenant_id, address, stream, reason, source, created_at, event_id, delivery_id)
        SELECT $1, $2, w.stream, 'unsubscribe', 'unsubscribe', $4, $5, $6
        FROM unnest(ARRAY['broadcast', 'transactional']) AS w (stream)
        CROSS JOIN LATERAL (SELECT settings FROM tenants x WHERE x.tenant_id = $1 LIMIT 1) t
        WHERE (w.stream = 'broadcast' OR $3 = 'transactional' OR t.settings ->> 'suppression_scope' = 'all')
            AND NOT EXISTS (SELECT FROM messages x WHERE x.tenant_id = $1 AND x.message_id = $7 AND x.mode = 'test')
        ORDER BY w.stream
        ON CONFLICT (tenant_id, address, stream) DO UPDATE
        SET suppression_id = excluded.suppression_id, reason = excluded.reason, source = excluded.source,
            created_at = excluded.created_at, expires_at = NULL, event_id = excluded.event_id,
            delivery_id = excluded.delivery_id, detail = NULL
        WHERE s.expires_at <= now() OR suppression_rank(s.reason) < suppression_rank(excluded.reason)
        """;

    /// <param name="target">Who leaves what.</param>
    /// <param name="by"><c>one_click</c> or <c>mail</c>.</param>
    /// <param name="cancel">Ends the wait, not what was begun.</param>
    /// <exception cref="NpgsqlException">The ledger is away; come again.</exception>
    public async Task LeaveAsync(UnsubscribeTarget target, string by, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        var message = LedgerId.MessageOf(target.DeliveryId);
        var report = new DeliveryReport
        {
            TenantId = target.TenantId,
            MessageId = message,
            DeliveryId = target.DeliveryId,
            Kind = Reported.Unsubscribed,
            Source = "unsubscribe",
            // Two programs of one recipient, or one that asks twice.
            SourceEventId = $"unsubscribe:{target.DeliveryId}",
            At = now,
            Facts = new Dictionary<string, string>
            {
                ["by"] = by,
                // For when the ledger no longer has the mail.
                ["recipient"] = target.Address,
                ["stream"] = target.Stream,
            },
        };
        var result = (await recorder.RecordAsync([report], cancel))[0];
        await using var command = ledger.CreateCommand(Suppress);
        Add(command, target.TenantId);
        Add(command, target.Address);
        Add(command, target.Stream);
        Add(command, now.UtcDateTime);
        command.Parameters.Add(
            new NpgsqlParameter<Guid?> { TypedValue = result.EventId, NpgsqlDbType = NpgsqlDbType.Uuid }
        );
        Add(command, target.DeliveryId);
        Add(command, message);
        await command.ExecuteNonQueryAsync(cancel);
    }

    private static void Add<T>(NpgsqlCommand command, T value) =>
        command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
}
