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
    public sealed record Wrong(string Reason) : KeyVerdict
    {
        /// <summary>No key of ours: that much is seen without asking anybody.</summary>
        public bool IsForged => Reason == Malformed;
    }

    /// <summary>The key may well be right, but nobody can say so now: never a permanent answer.</summary>
    public sealed record CannotTell : KeyVerdict;

    internal const string Malformed = "malformed";

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

    /// <summary>The database may be slow instead of away: nobody waits longer for its word.</summary>
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(3);

    /// <summary>Keys held at once; beyond it all are read anew, which only a mistake would bring about.</summary>
    private const int MostKnown = 500_000;

    /// <summary>More look-ups at once would only take the database from the messages.</summary>
    private readonly SemaphoreSlim lookUps = new(8);
    private readonly ConcurrentDictionary<string, Entry> known = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Lazy<Task<Entry?>>> underWay = new(StringComparer.Ordinal);

    private int changes;
    private volatile bool isTold = true;

    /// <summary>False while changes in the database are not heard of: then nobody is surely wrong.</summary>
    public bool IsTold => isTold;

    public async ValueTask<KeyVerdict> AuthenticateAsync(string token, CancellationToken cancel)
    {
        if (!ApiKey.TryVerify(token, ring, out var key))
        {
            return new KeyVerdict.Wrong(KeyVerdict.Malformed);
        }

        if (!known.TryGetValue(key!.Id, out var entry) || clock.GetElapsedTime(entry.ReadAt) > KeepFor)
        {
            entry = await AskAsync(key.Id, cancel);
            if (entry is null)
            {
                return new KeyVerdict.CannotTell();
            }
        }

        return entry.Judge(key, clock.GetUtcNow());
    }

    /// <summary>Forgets everything: a change was told, or the telling was lost.</summary>
    public void Forget()
    {
        Interlocked.Increment(ref changes);
        known.Clear();
    }

    /// <summary>From now on changes are heard of.</summary>
    internal void Told()
    {
        Forget();
        isTold = true;
    }

    /// <summary>From now on they are not.</summary>
    internal void Untold()
    {
        isTold = false;
        Forget();
    }

    /// <summary>However the database breaks a look-up off, nobody waits longer than this for it.</summary>
    private async Task<Entry?> AskAsync(string keyId, CancellationToken cancel)
    {
        try
        {
            return await JoinLookUpAsync(keyId).WaitAsync(WaitForTurn + AnswerWithin, clock, cancel);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

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
            // Both taken before the read: what is told meanwhile makes this entry old at once, never new too long.
            var (readAt, before) = (clock.GetTimestamp(), Volatile.Read(ref changes));
            using var limit = new CancellationTokenSource(AnswerWithin, clock);
            var entry = await ReadAsync(keyId, readAt, limit.Token);
            Keep(keyId, entry, before);
            return entry;
        }
        catch (Exception problem)
            when (problem is NpgsqlException or TimeoutException or IOException or OperationCanceledException)
        {
            log.LogWarning("a key could not be looked up: {Problem}", problem.Message);
            return null;
        }
        finally
        {
            lookUps.Release();
        }
    }

    /// <summary>An id that does not exist is kept as well: the same revoked and deleted key may come for ever.</summary>
    private void Keep(string keyId, Entry entry, int before)
    {
        if (entry.Caller is null && !isTold)
        {
            return;
        }

        if (known.Count >= MostKnown)
        {
            known.Clear();
        }

        known[keyId] = entry;
        if (Volatile.Read(ref changes) != before)
        {
            known.TryRemove(new(keyId, entry));
        }
    }

    private async Task<Entry> ReadAsync(string keyId, long readAt, CancellationToken cancel)
    {
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        var row = await connection.QuerySingleOrDefaultAsync<KeyRow>(
            new CommandDefinition("SELECT * FROM find_api_key(@keyId)", new { keyId }, cancellationToken: cancel)
        );
        if (row is null)
        {
            return new Entry(readAt, null, [], null, null);
        }

        var caller = new Caller(
            await TenantReader.ReadAsync(connection, row.tenant_id, cancel),
            keyId,
            row.mode,
            row.scopes.ToFrozenSet(StringComparer.Ordinal)
        )
        {
            Domains = row.domains.ToFrozenSet(StringComparer.Ordinal),
            FirstUsedAt = row.first_used_at,
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
        public DateTime? first_used_at { get; init; }
    }
#pragma warning restore IDE1006, SA1300
}
