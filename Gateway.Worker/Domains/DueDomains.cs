using Dapper;
using Gateway.Database;
using Gateway.Domains;
using Npgsql;

namespace Gateway.Worker.Domains;

/// <summary>A key whose record is to be looked at.</summary>
public sealed class DueKey
{
    public Guid TenantId { get; init; }
    public string Domain { get; init; } = "";
    public string Selector { get; init; } = "";
    public string Algorithm { get; init; } = "";
    public byte[] PrivateSealed { get; init; } = [];
    public string PublicRecord { get; init; } = "";
    public string State { get; init; } = "";
}

/// <summary>Takes what is due, so that of many workers one looks; what is not written back in time is due again.</summary>
public sealed class DueDomains([FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger)
{
    /// <summary>Looked up at once; each costs a packet or two.</summary>
    public const int Batch = 20;

    private static readonly TimeSpan Again = TimeSpan.FromMinutes(10);

    public async Task<IReadOnlyList<DomainRow>> TakeDomainsAsync(DateTimeOffset now, CancellationToken cancel)
    {
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        var rows = await connection.QueryAsync<DomainRow>(
            $"""
            UPDATE sending_domains SET next_check_at = @again WHERE domain_id = ANY (ARRAY(
                SELECT domain_id FROM sending_domains WHERE next_check_at <= @now
                ORDER BY next_check_at LIMIT {Batch} FOR UPDATE SKIP LOCKED))
            RETURNING {DomainRow.Columns}
            """,
            new { now = now.UtcDateTime, again = (now + Again).UtcDateTime }
        );
        return rows.AsList();
    }

    public async Task<IReadOnlyList<DueKey>> TakeKeysAsync(DateTimeOffset now, CancellationToken cancel)
    {
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        var rows = await connection.QueryAsync<DueKey>(
            $"""
            UPDATE dkim_keys SET next_check_at = @again WHERE ctid = ANY (ARRAY(
                SELECT ctid FROM dkim_keys WHERE next_check_at <= @now
                ORDER BY next_check_at LIMIT {Batch} FOR UPDATE SKIP LOCKED))
            RETURNING tenant_id AS TenantId, domain AS Domain, selector AS Selector, algorithm AS Algorithm,
                private_sealed AS PrivateSealed, public_record AS PublicRecord, state AS State
            """,
            new { now = now.UtcDateTime, again = (now + Again).UtcDateTime }
        );
        return rows.AsList();
    }
}
