using System.Collections.Concurrent;
using Dapper;
using Gateway.Database;
using Gateway.Mail.Dkim;
using Gateway.Secrets;
using Gateway.Tenants;
using Npgsql;

namespace Gateway.Worker.Signing;

/// <summary>A key that may sign now, and the record that the world was seen to find for it.</summary>
public sealed record SigningKey(string Domain, string Selector, DkimKey Key, string Published);

/// <summary>
/// The active keys of sending domains, opened once and kept for a minute. A key whose published record does not match
/// is not used (D14): a signature that nobody can verify is worse than none.
/// </summary>
public sealed class SigningKeys(
    [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger,
    MasterKey master,
    IPublishedKeys published,
    TimeProvider clock,
    ILogger<SigningKeys> log
)
{
    private static readonly TimeSpan KeepFor = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<(Guid, string), Entry> known = new();

    public async ValueTask<IReadOnlyList<SigningKey>> FindAsync(Guid tenant, string domain, CancellationToken cancel)
    {
        if (!known.TryGetValue((tenant, domain), out var entry) || clock.GetElapsedTime(entry.ReadAt) > KeepFor)
        {
            entry = new Entry(clock.GetTimestamp(), await ReadAsync(tenant, domain, entry?.Keys ?? [], cancel));
            known[(tenant, domain)] = entry;
        }

        return entry.Keys;
    }

    private async Task<IReadOnlyList<SigningKey>> ReadAsync(
        Guid tenant,
        string domain,
        IReadOnlyList<SigningKey> before,
        CancellationToken cancel
    )
    {
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        var rows = await connection.QueryAsync<(string Selector, byte[] Sealed, string Record)>(
            """
            SELECT selector, private_sealed, public_record FROM dkim_keys
            WHERE tenant_id = @tenant AND domain = @domain AND state = 'active' ORDER BY selector
            """,
            new { tenant, domain }
        );
        var keys = new List<SigningKey>();
        foreach (var row in rows)
        {
            // An opened key is kept as it is: opening one costs more than a signature.
            var key =
                before.FirstOrDefault(k => k.Selector == row.Selector && k.Key.PublicRecord == row.Record)?.Key
                ?? DkimKey.ImportPkcs8(master.Open(row.Sealed, DkimSecret.Place(tenant, domain, row.Selector)));
            var record = await published.FindAsync(row.Selector, domain, row.Record, cancel);
            if (record is not null && DkimSelfCheck.Compare(key, record, out _) == DkimKeyMatch.Matches)
            {
                keys.Add(new SigningKey(domain, row.Selector, key, record));
            }
            else
            {
                SigningLog.KeyDoesNotMatch(log, row.Selector, domain, tenant);
            }
        }

        return keys;
    }

    private sealed record Entry(long ReadAt, IReadOnlyList<SigningKey> Keys);
}
