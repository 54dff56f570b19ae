using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Security.Cryptography;
using Dapper;
using Gateway.Database;
using Gateway.Secrets;
using Gateway.Tenants;
using Npgsql;

namespace Gateway.Api.Auth;

/// <summary>What a key came to.</summary>
public abstract record KeyVerdict
{
    public sealed record Known(Caller Caller) : KeyVerdict;

    /// <summary>Surely wrong: malformed, forged, unknown, revoked or expired.</summary>
    public sealed record Wrong(string Reason) : KeyVerdict;

    /// <summary>The key may well be right, but nobody can say so now: never a permanent answer.</summary>
    public sealed record CannotTell : KeyVerdict;

    private KeyVerdict() { }
}

/// <summary>
/// Keys and their tenants from memory (D17): a wrong mac costs no look-up, a known key costs none for 30 s, and a new
/// one costs a bounded one. A change in the database drops the copies within a second.
/// </summary>
public sealed class TenantDirectory(
    [FromKeyedServices(LedgerRole.Door)] NpgsqlDataSource ledger,
    KeyRing ring,
    TimeProvider clock,
    ILogger<TenantDirectory> log
)
{
    private static readonly TimeSpan KeepFor = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan WaitForTurn = TimeSpan.FromMilliseconds(250);

    /// <summary>More look-ups at once would only take the database from the messages.</summary>
    private readonly SemaphoreSlim lookUps = new(8);
    private readonly ConcurrentDictionary<string, Entry> known = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Lazy<Task<Entry?>>> underWay = new(StringComparer.Ordinal);

    public async ValueTask<KeyVerdict> AuthenticateAsync(string token, CancellationToken cancel)
    {
        if (!ApiKey.TryVerify(token, ring, out var key))
        {
            return new KeyVerdict.Wrong("malformed");
        }

        if (!known.TryGetValue(key!.Id, out var entry) || clock.GetElapsedTime(entry.ReadAt) > KeepFor)
        {
            entry = await JoinLookUpAsync(key.Id).WaitAsync(cancel);
            if (entry is null)
            {
                return new KeyVerdict.CannotTell();
            }
        }

        return entry.Judge(key, clock.GetUtcNow());
    }

    /// <summary>Forgets everything: a change was told, or the telling was lost.</summary>
    public void Forget() => known.Clear();

    /// <summary>Callers with the same key share one look-up: a busy key that expires here must not refuse its own crowd.</summary>
    private Task<Entry?> JoinLookUpAsync(string keyId)
    {
        var mine = new Lazy<Task<Entry?>>(() => LookUpAsync(keyId));
        var shared = underWay.GetOrAdd(keyId, mine);
        if (shared == mine)
        {
            _ = shared.Value.ContinueWith(_ => underWay.TryRemove(new(keyId, mine)), TaskScheduler.Default);
        }

        return shared.Value;
    }

    private async Task<Entry?> LookUpAsync(string keyId)
    {
        if (!await lookUps.WaitAsync(WaitForTurn))
        {
            return null;
        }

        try
        {
            // Taken before the read: a change that is told meanwhile makes this entry old at once, never new too long.
            var readAt = clock.GetTimestamp();
            await using var connection = await ledger.OpenConnectionAsync();
            var entry = await ReadAsync(connection, keyId, readAt);
            if (entry.Caller is not null)
            {
                known[keyId] = entry;
            }

            return entry;
        }
        catch (Exception problem) when (problem is NpgsqlException or TimeoutException or IOException)
        {
            log.LogWarning("a key could not be looked up: {Problem}", problem.Message);
            return null;
        }
        finally
        {
            lookUps.Release();
        }
    }

    private static async Task<Entry> ReadAsync(NpgsqlConnection connection, string keyId, long readAt)
    {
        var row = await connection.QuerySingleOrDefaultAsync<KeyRow>(
            "SELECT * FROM find_api_key(@keyId)",
            new { keyId }
        );
        if (row is null)
        {
            return new Entry(readAt, null, [], null, null);
        }

        var caller = new Caller(
            await TenantReader.ReadAsync(connection, row.tenant_id),
            keyId,
            row.mode,
            row.scopes.ToFrozenSet(StringComparer.Ordinal)
        )
        {
            Domains = row.domains.ToFrozenSet(StringComparer.Ordinal),
        };
        return new Entry(readAt, caller, row.secret_sha256, row.expires_at, row.revoked_at);
    }

    private sealed record Entry(long ReadAt, Caller? Caller, byte[] Sha256, DateTime? ExpiresAt, DateTime? RevokedAt)
    {
        public KeyVerdict Judge(ApiKey key, DateTimeOffset now)
        {
            if (Caller is null || !CryptographicOperations.FixedTimeEquals(Sha256, key.Sha256))
            {
                return new KeyVerdict.Wrong("unknown");
            }

            return RevokedAt is not null ? new KeyVerdict.Wrong("revoked")
                : ExpiresAt <= now.UtcDateTime ? new KeyVerdict.Wrong("expired")
                : new KeyVerdict.Known(Caller);
        }
    }

    // Named as the columns: Dapper fills it by them.
#pragma warning disable IDE1006, SA1300
    private sealed class KeyRow
    {
        public Guid tenant_id { get; init; }
        public string mode { get; init; } = "";
        public string[] scopes { get; init; } = [];
        public string[] domains { get; init; } = [];
        public byte[] secret_sha256 { get; init; } = [];
        public DateTime? expires_at { get; init; }
        public DateTime? revoked_at { get; init; }
    }
#pragma warning restore IDE1006, SA1300
}
