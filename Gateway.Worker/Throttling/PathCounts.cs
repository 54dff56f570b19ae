using System.Collections.Concurrent;
using Gateway.Database;
using Gateway.Providers;
using Gateway.Throttling;
using Npgsql;

namespace Gateway.Worker.Throttling;

/// <summary>
/// Counts from the ledger what a path was given in its long windows, where Redis has no key for it: never seen, or lost.
/// Once at a time for each path, and only then: sends never ask the ledger.
/// </summary>
public sealed partial class PathCounts(
    [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger,
    Throttle throttle,
    TimeProvider clock,
    ILogger<PathCounts> log
)
{
    /// <summary>After the ledger did not tell, each worker holds its part of the limits for so long.</summary>
    private static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(30);

    /// <summary>Seconds. A day of ten million attempts takes a few.</summary>
    private const int CommandSeconds = 20;

    /// <summary>Those with the most mail: what is not among them is far from any cap worth setting.</summary>
    private const int MostDomains = 10_000;
    private const int DomainsAtOnce = 100;

    // A hundredth of the shortest window that is counted here.
    private const string Elapsed = "greatest(0, floor(extract(epoch FROM now() - a.begun_at) / 36))::int";

    private const string CountPath = $"""
        SELECT {Elapsed}, m.stream = 'broadcast', count(*)
        FROM attempts a JOIN messages m ON m.tenant_id = a.tenant_id AND m.message_id = a.message_id
        WHERE a.path = $1 AND a.begun_at > now() - interval '1 day'
        GROUP BY 1, 2
        """;

    private const string CountDomains = $"""
        WITH sends AS MATERIALIZED (
            SELECT split_part(d.recipient_key, '@', -1) AS domain, {Elapsed} AS bucket, count(*) AS n
            FROM attempts a JOIN deliveries d
                ON d.tenant_id = a.tenant_id AND d.message_id = a.message_id AND d.delivery_id = a.delivery_id
            WHERE a.path = $1 AND a.begun_at > now() - interval '1 day'
            GROUP BY 1, 2
        ), most AS (SELECT domain FROM sends GROUP BY 1 ORDER BY sum(n) DESC LIMIT $2)
        SELECT domain, bucket, n FROM sends JOIN most USING (domain)
        """;

    private readonly ConcurrentDictionary<string, Lazy<Task>> underWay = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, DateTimeOffset> unknownUntil = new(StringComparer.Ordinal);

    /// <summary>The ledger did not tell a moment ago.</summary>
    public bool IsUnknown(string path) => unknownUntil.TryGetValue(path, out var until) && until > clock.GetUtcNow();

    /// <summary>Ends when Redis knows, or when <see cref="IsUnknown"/> is true.</summary>
    public Task CountAsync(string path, PathLimits limits)
    {
        var mine = new Lazy<Task>(() => CountOnceAsync(path, limits));
        var shared = underWay.GetOrAdd(path, mine);
        if (shared == mine)
        {
            _ = shared.Value.ContinueWith(_ => underWay.TryRemove(new(path, mine)), TaskScheduler.Default);
        }

        return shared.Value;
    }

    private async Task CountOnceAsync(string path, PathLimits limits)
    {
        try
        {
            await using var connection = await ledger.OpenConnectionAsync();
            var isSeeded = await SeedDomainsAsync(connection, path, limits);
            // Last: with these keys all of the path counts as known.
            isSeeded &= await SeedPathAsync(connection, path, limits);
            if (isSeeded)
            {
                unknownUntil.TryRemove(path, out _);
                return;
            }

            NotCounted(log, path, "Redis did not take it");
        }
        catch (Exception problem) when (problem is NpgsqlException or TimeoutException or IOException)
        {
            NotCounted(log, path, problem.Message);
        }

        unknownUntil[path] = clock.GetUtcNow() + AgainAfter;
    }

    private async Task<bool> SeedPathAsync(NpgsqlConnection connection, string path, PathLimits limits)
    {
        var (all, broadcasts) = (new List<(int, long)>(), new List<(int, long)>());
        await using var command = new NpgsqlCommand(CountPath, connection) { CommandTimeout = CommandSeconds };
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = path });
        await using (var reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                var sends = (reader.GetInt32(0), reader.GetInt64(2));
                all.Add(sends);
                if (reader.GetBoolean(1))
                {
                    broadcasts.Add(sends);
                }
            }
        }

        var isSeeded = true;
        foreach (var limit in PathWindows.OfPath(path, limits, isBroadcast: true).Where(l => l.FromLedger))
        {
            var sends = PathWindows.IsOfBroadcasts(limit) ? broadcasts : all;
            isSeeded &= await throttle.SeedAsync(limit, Ages(sends, limit.Window));
        }

        return isSeeded;
    }

    private async Task<bool> SeedDomainsAsync(NpgsqlConnection connection, string path, PathLimits limits)
    {
        if (!limits.HasLongWindowsOfDomains)
        {
            return true;
        }

        var domains = new Dictionary<string, List<(int, long)>>(StringComparer.Ordinal);
        await using var command = new NpgsqlCommand(CountDomains, connection) { CommandTimeout = CommandSeconds };
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = path });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = MostDomains });
        await using (var reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                var domain = reader.GetString(0);
                if (!domains.TryGetValue(domain, out var sends))
                {
                    domains[domain] = sends = [];
                }

                sends.Add((reader.GetInt32(1), reader.GetInt64(2)));
            }
        }

        var isSeeded = true;
        foreach (var some in domains.Chunk(DomainsAtOnce))
        {
            var seeded = await Task.WhenAll(
                from domain in some
                from limit in PathWindows.OfDomain(path, limits, domain.Key)
                where limit.CountedWithAnother
                select throttle.SeedAsync(limit, Ages(domain.Value, limit.Window))
            );
            isSeeded &= seeded.All(s => s);
        }

        return isSeeded;
    }

    /// <summary>By age in hundredths of the window; what may be either counts as the younger.</summary>
    private static long[] Ages(List<(int Bucket, long Sends)> sends, TimeSpan window)
    {
        var ages = new long[101];
        foreach (var (bucket, count) in sends)
        {
            var age = bucket * 36 * 100 / (long)window.TotalSeconds;
            if (age <= 100)
            {
                ages[age] += count;
            }
        }

        return ages;
    }

    [LoggerMessage(
        1,
        LogLevel.Warning,
        "What path {Path} was given was not counted from the ledger, each worker holds its part of the limits: {Problem}"
    )]
    private static partial void NotCounted(ILogger log, string path, string problem);
}
