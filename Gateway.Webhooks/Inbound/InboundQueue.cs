using System.Text.Json;
using Gateway.Database;
using Gateway.Providers.Events;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Webhooks.Inbound;

/// <summary>A request that this replica reads now.</summary>
internal sealed record ClaimedRequest(
    Guid Id,
    string Path,
    string Provider,
    DateTimeOffset ReceivedAt,
    int Tries,
    EventRequest Request
);

/// <summary>What became of reading it.</summary>
/// <param name="Again">When it is to be read again; null where it is done with.</param>
/// <param name="Reason">Why it could not be read whole.</param>
internal sealed record ReadRequest(ClaimedRequest Claim, TimeSpan? Again = null, string? Reason = null);

/// <summary>The requests that are still to be read, leased to one replica at a time.</summary>
internal sealed class InboundQueue([FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger)
{
    private const string Claim = """
        WITH picked AS MATERIALIZED (
            SELECT inbound_id, due_at, size_bytes FROM inbound_due
            WHERE due_at <= clock_timestamp() AND (lease_until IS NULL OR lease_until < clock_timestamp())
            ORDER BY due_at, inbound_id LIMIT $1 FOR UPDATE SKIP LOCKED
        ), fitting AS (
            SELECT inbound_id, sum(size_bytes) OVER (ORDER BY due_at, inbound_id) - size_bytes AS before FROM picked
        ), claimed AS (
            UPDATE inbound_due d SET lease_until = clock_timestamp() + $2::interval
            WHERE d.inbound_id = ANY (ARRAY(SELECT inbound_id FROM fitting WHERE before < $3))
            RETURNING d.inbound_id, d.tries
        )
        SELECT e.inbound_id, e.path, e.provider, e.received_at, c.tries, e.headers::text, e.body
        FROM claimed c CROSS JOIN LATERAL (SELECT * FROM inbound_events x WHERE x.inbound_id = c.inbound_id LIMIT 1) e
        ORDER BY e.inbound_id
        """;

    // Unreadable ones wait longer each time; what only came too early does not count as a try.
    private const string Settle = """
        WITH read AS (
            SELECT * FROM unnest($1::uuid[], $2::interval[], $3::text[]) AS r (inbound_id, again, reason)
        ), done AS (
            DELETE FROM inbound_due d USING read r WHERE d.inbound_id = r.inbound_id AND r.again IS NULL
        )
        UPDATE inbound_due d
        SET lease_until = NULL, due_at = clock_timestamp() + r.again, reason = coalesce(r.reason, d.reason),
            tries = d.tries + (r.reason IS NOT NULL)::int
        FROM read r WHERE d.inbound_id = r.inbound_id AND r.again IS NOT NULL
        """;

    private const string NoteOrphans = """
        INSERT INTO inbound_orphans (inbound_id, name, path, news, delivery_id, at)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::timestamptz[])
        ON CONFLICT DO NOTHING
        """;

    public async Task<IReadOnlyList<ClaimedRequest>> ClaimAsync(int most, CancellationToken cancel)
    {
        await using var command = ledger.CreateCommand(Claim);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = most });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = InboundLimits.Lease });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = InboundLimits.BytesAtOnce });
        var claimed = new List<ClaimedRequest>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            claimed.Add(
                new ClaimedRequest(
                    reader.GetGuid(0),
                    reader.GetString(1),
                    reader.GetString(2),
                    reader.GetFieldValue<DateTimeOffset>(3),
                    reader.GetInt32(4),
                    new EventRequest(
                        reader.GetFieldValue<byte[]>(6),
                        Headers(reader.IsDBNull(5) ? null : reader.GetString(5))
                    )
                )
            );
        }

        return claimed;
    }

    public async Task SettleAsync(IReadOnlyList<ReadRequest> read, CancellationToken cancel)
    {
        await using var command = ledger.CreateCommand(Settle);
        new StatementColumns(command.Parameters)
            .Add(NpgsqlDbType.Uuid, read, r => r.Claim.Id)
            .Add(NpgsqlDbType.Interval, read, r => r.Again)
            .Add(NpgsqlDbType.Text, read, r => r.Reason);
        await command.ExecuteNonQueryAsync(cancel);
    }

    public async Task NoteOrphansAsync(
        IReadOnlyList<(ClaimedRequest Claim, ProviderEvent Event)> orphans,
        CancellationToken cancel
    )
    {
        if (orphans.Count == 0)
        {
            return;
        }

        await using var command = ledger.CreateCommand(NoteOrphans);
        new StatementColumns(command.Parameters)
            .Add(NpgsqlDbType.Uuid, orphans, o => o.Claim.Id)
            .Add(NpgsqlDbType.Text, orphans, o => EventNames.Storable(o.Event.Name))
            .Add(NpgsqlDbType.Text, orphans, o => o.Claim.Path)
            .Add(NpgsqlDbType.Text, orphans, o => EventNames.Of(o.Event.News))
            .Add(NpgsqlDbType.Uuid, orphans, o => o.Event.DeliveryId)
            .Add(NpgsqlDbType.TimestampTz, orphans, o => o.Event.At.UtcDateTime);
        await command.ExecuteNonQueryAsync(cancel);
    }

    private static Dictionary<string, string> Headers(string? json) =>
        json is null ? [] : JsonSerializer.Deserialize<Dictionary<string, string>>(json) ?? [];
}
