using System.Data;
using Dapper;
using Npgsql;

namespace SystemTests.History;

internal sealed record DeliveryRow(
    Guid TenantId,
    Guid MessageId,
    Guid DeliveryId,
    string Subject,
    string State,
    string? Cause,
    string? WaitingFor,
    int Attempts,
    int Sequence
);

/// <param name="DeliveryId">Zero, as <paramref name="Sequence"/>, for what concerns no message.</param>
internal sealed record EventRow(Guid TenantId, Guid Id, Guid DeliveryId, int Sequence, string Type, string? State);

internal sealed record AttemptRow(Guid DeliveryId, int Number, string? Outcome, bool Late);

internal sealed record PathEventRow(DateTime At, string Actor, string Path, string Type, string? Reason);

/// <param name="LeaseAge">Since when the lease is over; null where none is held.</param>
internal sealed record DueRow(Guid DeliveryId, bool IsBegun, TimeSpan? LeaseAge);

/// <summary>All that the ledger says at one moment: one REPEATABLE READ snapshot.</summary>
/// <param name="At">Before it was taken. Sinks go on: what they keep later is no contradiction to the picture.</param>
internal sealed record LedgerPicture(
    DateTimeOffset At,
    IReadOnlyList<DeliveryRow> Deliveries,
    ILookup<Guid, EventRow> Events,
    ILookup<Guid, AttemptRow> Attempts,
    IReadOnlyList<DueRow> Due,
    IReadOnlyList<(Guid TenantId, long Accepted)> Accepted,
    IReadOnlyList<PathEventRow> Paths
)
{
    public static async Task<LedgerPicture> TakeAsync(NpgsqlDataSource ledger)
    {
        var at = DateTimeOffset.UtcNow;
        await using var connection = await ledger.OpenConnectionAsync();
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead);
        async Task<List<T>> ReadAsync<T>(string sql) =>
            (await connection.QueryAsync<T>(sql, transaction: snapshot, commandTimeout: 300)).AsList();

        var deliveries = await ReadAsync<DeliveryRow>(
            """
            SELECT d.tenant_id AS TenantId, d.message_id AS MessageId, d.delivery_id AS DeliveryId, m.subject AS Subject,
                d.state AS State, d.cause AS Cause, d.waiting_for AS WaitingFor, d.attempts AS Attempts, d.sequence AS Sequence
            FROM deliveries d JOIN messages m USING (tenant_id, message_id)
            """
        );
        var events = await ReadAsync<EventRow>(
            """
            SELECT tenant_id AS TenantId, id AS Id, delivery_id AS DeliveryId, sequence AS Sequence, type AS Type, state AS State
            FROM events ORDER BY sequence
            """
        );
        var attempts = await ReadAsync<AttemptRow>(
            "SELECT delivery_id AS DeliveryId, number AS Number, outcome AS Outcome, late AS Late FROM attempts"
        );
        var due = await ReadAsync<DueRow>(
            "SELECT delivery_id AS DeliveryId, begun AS IsBegun, clock_timestamp() - lease_until AS LeaseAge FROM deliveries_due"
        );
        // What was accepted is told by the first event of each delivery, which nothing rewrites.
        var accepted = await ReadAsync<(Guid, long)>(
            "SELECT tenant_id, count(*) FROM events WHERE sequence = 1 GROUP BY tenant_id"
        );
        var paths = await ReadAsync<PathEventRow>(
            "SELECT at AS At, actor AS Actor, path AS Path, type AS Type, reason AS Reason FROM path_events ORDER BY at"
        );
        return new LedgerPicture(
            at,
            deliveries,
            events.ToLookup(e => e.DeliveryId),
            attempts.ToLookup(a => a.DeliveryId),
            due,
            accepted,
            paths
        );
    }
}
