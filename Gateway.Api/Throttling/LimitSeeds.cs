using System.Collections.Concurrent;
using Gateway.Database;
using Gateway.Ledger;
using Gateway.Tenants;
using Gateway.Throttling;
using Npgsql;
using NpgsqlTypes;

namespace Gateway.Api.Throttling;

/// <summary>
/// Counts from the ledger what a long window or a month holds, where Redis has no key for it: never seen, or lost. Each
/// key once at a time in this process.
/// </summary>
public sealed partial class LimitSeeds(
    [FromKeyedServices(LedgerRole.Door)] NpgsqlDataSource ledger,
    Throttle throttle,
    TimeProvider clock,
    ILogger<LimitSeeds> log
)
{
    /// <summary>Rows that one count may look at, newest first.</summary>
    private const int MostRows = 500_000;

    /// <summary>Seconds; its caller waits 4.5 s for its answer.</summary>
    private const int CommandSeconds = 3;

    private const string CountMonth = """
        SELECT 0, coalesce(sum(recipients), 0)::bigint FROM usage_months
        WHERE tenant_id = $1 AND month = $2 AND mode = 'live'
        """;

    // The bound stands inside: what the filter drops was looked at too.
    private const string CountWindow = """
        SELECT least(100, greatest(0, floor(extract(epoch FROM now() - m.accepted_at) * 100 / $3)))::int, {0}
        FROM (SELECT * FROM messages WHERE tenant_id = $1 AND message_id >= $2 ORDER BY message_id DESC LIMIT $4) m
        {1}
        WHERE m.mode = $5 {2}
        GROUP BY 1
        """;

    private const string Recipients = """
        CROSS JOIN LATERAL (SELECT count(*) AS n FROM deliveries d
            WHERE d.tenant_id = m.tenant_id AND d.message_id = m.message_id AND d.resend_of IS NULL {0}) r
        """;

    private const string AtDomain = "AND split_part(d.recipient_key, '@', -1) = $6";

    /// <summary>More at once would only take the database from the messages.</summary>
    private readonly SemaphoreSlim places = new(4);
    private readonly ConcurrentDictionary<string, Lazy<Task<bool>>> underWay = new(StringComparer.Ordinal);

    /// <summary>False where the ledger did not tell.</summary>
    public async Task<bool> CountAsync(Guid tenant, string mode, IReadOnlyList<AppliedLimit> limits)
    {
        var counted = await Task.WhenAll(limits.Select(l => JoinAsync(tenant, mode, l)));
        return counted.All(c => c);
    }

    private Task<bool> JoinAsync(Guid tenant, string mode, AppliedLimit limit)
    {
        var key = limit.Throttle.Key;
        var mine = new Lazy<Task<bool>>(() => CountAsync(tenant, mode, limit));
        var shared = underWay.GetOrAdd(key, mine);
        if (shared == mine)
        {
            _ = shared.Value.ContinueWith(_ => underWay.TryRemove(new(key, mine)), TaskScheduler.Default);
        }

        return shared.Value;
    }

    private async Task<bool> CountAsync(Guid tenant, string mode, AppliedLimit limit)
    {
        await places.WaitAsync();
        try
        {
            var ages = new long[101];
            await using var connection = await ledger.OpenConnectionAsync();
            await using var batch = new NpgsqlBatch(connection) { Timeout = CommandSeconds };
            var tenants = new NpgsqlBatchCommand("SELECT set_config('gw.tenants', $1, true)");
            tenants.Parameters.Add(new NpgsqlParameter<string> { TypedValue = $"{{{tenant}}}" });
            batch.BatchCommands.Add(tenants);
            batch.BatchCommands.Add(
                limit.Scope == AppliedLimit.Month ? Month(tenant, limit) : Window(tenant, mode, limit)
            );
            await using var reader = await batch.ExecuteReaderAsync();
            await reader.NextResultAsync();
            while (await reader.ReadAsync())
            {
                ages[reader.GetInt32(0)] += reader.GetInt64(1);
            }

            await throttle.SeedAsync(limit.Throttle, ages);
            return true;
        }
        catch (Exception problem) when (problem is NpgsqlException or TimeoutException or IOException)
        {
            NotCounted(log, tenant, limit.Scope, problem.Message);
            return false;
        }
        finally
        {
            places.Release();
        }
    }

    private static NpgsqlBatchCommand Month(Guid tenant, AppliedLimit limit)
    {
        var command = new NpgsqlBatchCommand(CountMonth);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenant });
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = MonthOf(limit) });
        return command;
    }

    /// <summary>The month whose counter the key is, whatever the time is now.</summary>
    private static DateOnly MonthOf(AppliedLimit limit) =>
        DateOnly.ParseExact(
            limit.Throttle.Key[^7..] + "-01",
            "yyyy-MM-dd",
            System.Globalization.CultureInfo.InvariantCulture
        );

    private NpgsqlBatchCommand Window(Guid tenant, string mode, AppliedLimit limit)
    {
        var isAtDomain = limit.Scope == "recipient_domain";
        var needsRecipients = isAtDomain || limit.Unit == LimitUnit.Recipients;
        var filter = limit.Scope switch
        {
            "key" => "AND m.key_id = $6",
            "domain" => "AND m.from_domain = $6",
            "stream" => "AND m.stream = $6",
            "recipient_domain" => "AND r.n > 0",
            _ => "",
        };
        filter += limit.Throttle.Kind switch
        {
            ThrottleKind.Shared => " AND m.stream <> 'broadcast'",
            ThrottleKind.SharedWait => " AND m.stream = 'broadcast'",
            _ => "",
        };
        var command = new NpgsqlBatchCommand(
            string.Format(
                System.Globalization.CultureInfo.InvariantCulture,
                CountWindow,
                limit.Unit == LimitUnit.Recipients ? "sum(r.n)::bigint" : "count(*)",
                needsRecipients
                    ? string.Format(
                        System.Globalization.CultureInfo.InvariantCulture,
                        Recipients,
                        isAtDomain ? AtDomain : ""
                    )
                    : "",
                filter
            )
        );
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenant });
        command.Parameters.Add(
            new NpgsqlParameter<Guid> { TypedValue = LedgerId.FirstOf(clock.GetUtcNow() - limit.Window) }
        );
        command.Parameters.Add(new NpgsqlParameter<double> { TypedValue = limit.Window.TotalSeconds });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = MostRows });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = mode });
        if (limit.Scope != "tenant")
        {
            command.Parameters.Add(
                new NpgsqlParameter<string> { TypedValue = limit.Subject, NpgsqlDbType = NpgsqlDbType.Text }
            );
        }

        return command;
    }

    [LoggerMessage(
        1,
        LogLevel.Warning,
        "A limit of tenant {Tenant} ({Scope}) was not counted from the ledger: {Problem}"
    )]
    private static partial void NotCounted(ILogger log, Guid tenant, string scope, string problem);
}
