using System.Collections.Concurrent;
using Dapper;
using Gateway.Database;
using Gateway.Mail.Dkim;
using Gateway.Mail.Dns;
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
    private readonly ConcurrentDictionary<(Guid, string), Lazy<Task<Entry>>> underWay = new();

    /// <exception cref="InvalidDataException">The domain is another tenant's by now: nothing may leave under it.</exception>
    public async ValueTask<IReadOnlyList<SigningKey>> FindAsync(Guid tenant, string domain, CancellationToken cancel)
    {
        if (!known.TryGetValue((tenant, domain), out var entry) || clock.GetElapsedTime(entry.ReadAt) > KeepFor)
        {
            entry = await JoinReadAsync(tenant, domain, entry?.Keys ?? []).WaitAsync(cancel);
        }

        if (entry.IsForeign)
        {
            SigningLog.DomainIsForeign(log, domain, tenant);
            throw new InvalidDataException($"{domain} belongs to another tenant by now");
        }

        return entry.Keys;
    }

    /// <summary>Deliveries of one domain share one read: all those of a worker come for its keys at the same moment.</summary>
    private Task<Entry> JoinReadAsync(Guid tenant, string domain, IReadOnlyList<SigningKey> before)
    {
        var mine = new Lazy<Task<Entry>>(async () =>
        {
            try
            {
                return known[(tenant, domain)] = await ReadAsync(tenant, domain, before);
            }
            finally
            {
                underWay.TryRemove((tenant, domain), out _);
            }
        });
        return underWay.GetOrAdd((tenant, domain), mine).Value;
    }

    private async Task<Entry> ReadAsync(Guid tenant, string domain, IReadOnlyList<SigningKey> before)
    {
        var readAt = clock.GetTimestamp();
        await using var connection = await ledger.OpenConnectionAsync();
        var owner = await connection.QuerySingleOrDefaultAsync<Guid?>(
            "SELECT tenant_id FROM sending_domains WHERE domain = @domain AND state IN ('verified', 'degraded')",
            new { domain }
        );
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
            var found = await published.FindAsync(
                row.Selector,
                domain,
                row.Record,
                DnsFreshness.Cached,
                CancellationToken.None
            );
            // The key is active because its record was seen; an outage of DNS is no reason to stop.
            var record = found.Known ? found.Record : row.Record;
            if (record is not null && DkimSelfCheck.Compare(key, record, out _) == DkimKeyMatch.Matches)
            {
                keys.Add(new SigningKey(domain, row.Selector, key, record));
            }
            else
            {
                SigningLog.KeyDoesNotMatch(log, row.Selector, domain, tenant);
            }
        }

        return new Entry(readAt, keys, owner is { } other && other != tenant);
    }

    private sealed record Entry(long ReadAt, IReadOnlyList<SigningKey> Keys, bool IsForeign);
}
