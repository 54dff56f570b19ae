using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Gateway.Throttling;

/// <summary>
/// Decides requests against limits that all replicas share: many in one round trip, in Redis; and by this replica's
/// part of them while Redis is away.
/// </summary>
public sealed class Throttle : IAsyncDisposable
{
    /// <summary>After Redis lost its counts, and at least for a window, a replica also keeps to its part.</summary>
    private static readonly TimeSpan CarefulFor = TimeSpan.FromSeconds(10);

    private static readonly RedisScript ChargeScript = new(WindowScript.Charge);
    private static readonly RedisScript RefundScript = new(WindowScript.Refund);
    private static readonly RedisScript SeedScript = new(WindowScript.Seed);
    private readonly RedisPresence redis;
    private readonly LocalRule local;
    private readonly Allowances allowances;
    private readonly TimeProvider clock;
    private readonly TimeSpan timeout;

    /// <param name="connect">Called apart from any request; may block and may fail.</param>
    public Throttle(
        Func<IConnectionMultiplexer> connect,
        ThrottleOptions options,
        TimeProvider clock,
        ILogger<Throttle> log
    )
    {
        this.clock = clock;
        timeout = options.RedisTimeout;
        redis = new RedisPresence(connect, options, clock, log);
        local = new LocalRule(options.Replicas, clock);
        allowances = new Allowances(clock);
    }

    /// <summary>False while this replica's own part holds.</summary>
    public bool IsShared => redis.Database is not null;

    /// <summary>What was used when this replica last heard of it; null where it did not within the window.</summary>
    public (long Used, TimeSpan OpensIn)? Known(ThrottleLimit limit) => local.Known(limit);

    /// <summary>Decides requests in their order, each for all of its limits or none.</summary>
    /// <param name="limits">At most <see cref="ThrottleLimit.MostInACall"/>, with keys of one hash tag.</param>
    public async Task<ThrottleOutcome> ChargeAsync(
        IReadOnlyList<ThrottleLimit> limits,
        IReadOnlyList<ThrottleRequest> requests
    )
    {
        if (redis.Database is not { } database)
        {
            return Decide(limits, requests);
        }

        if (limits.Any(IsCareful))
        {
            return await ChargeCarefullyAsync(database, limits, requests);
        }

        var open = new OpenCall(limits, requests, allowances, redis.LostAt);
        if (open.Limits.Count == 0)
        {
            return open.Whole(null, allowances);
        }

        var asks = allowances.Ask(open.Limits, open.Units);
        var askedAt = clock.GetTimestamp();
        var outcome = await AskAsync(database, open.Limits, open.Requests, WindowCall.Allowances(asks));
        allowances.Answer(open.Limits, asks, outcome, askedAt);
        if (outcome is null)
        {
            open.GiveBack(allowances);
            return Decide(limits, requests);
        }

        if (outcome.Missing.Count == 0)
        {
            local.Observe(open.Limits, outcome.Uses);
        }

        return open.Whole(outcome, allowances);
    }

    /// <summary>Decides one request without asking anybody; null where this replica does not hold units of all its limits.</summary>
    public ThrottleOutcome? TryCharge(IReadOnlyList<ThrottleLimit> limits, ThrottleRequest request)
    {
        if (redis.Database is null || limits.Any(IsCareful))
        {
            return null;
        }

        var open = new OpenCall(limits, [request], allowances, redis.LostAt);
        if (open.Limits.Count == 0)
        {
            return open.Whole(null, allowances);
        }

        open.GiveBack(allowances);
        return null;
    }

    /// <summary>This replica's own decision, whatever Redis would say.</summary>
    public ThrottleOutcome Decide(IReadOnlyList<ThrottleLimit> limits, IReadOnlyList<ThrottleRequest> requests)
    {
        GatewayTelemetry.ThrottleLocal.Add(requests.Count);
        return new(
            [.. requests.Select(r => local.Decide(limits, r))],
            [.. limits.Select(_ => new LimitUse(0, TimeSpan.Zero, -1, Warn: false, Reached: false))],
            [],
            Local: true
        );
    }

    /// <summary>Takes back what an admitted request was charged. What Redis does not hear now stays counted.</summary>
    public async Task RefundAsync(
        IReadOnlyList<ThrottleLimit> limits,
        IReadOnlyList<LimitUse> uses,
        ThrottleRequest request,
        Decision.Admitted decision
    )
    {
        if (uses[0].Bucket < 0)
        {
            local.GiveBack(limits, request);
        }
        else if (redis.Database is { } database)
        {
            var packed = WindowCall.Refund(limits, uses, request, decision.Turns);
            var keys = request.Charges.Select(c => (RedisKey)limits[c.Limit].Key).ToArray();
            await RunAsync(RefundScript, database, keys, packed);
        }
    }

    /// <summary>Sets a missing key to what the ledger holds; nothing where somebody was faster.</summary>
    /// <param name="ages">Units by age in hundredths of the window, the present first; of a month its sum.</param>
    /// <returns>False where Redis did not hear of it.</returns>
    public async Task<bool> SeedAsync(ThrottleLimit limit, IReadOnlyList<long> ages)
    {
        if (redis.Database is not { } database)
        {
            return false;
        }

        // The ledger knows what was let pass without Redis.
        local.TakeOwed([limit]);
        return await RunAsync(SeedScript, database, [limit.Key], WindowCall.Seed(limit, ages)) is not null;
    }

    public ValueTask DisposeAsync() => redis.DisposeAsync();

    private async Task<ThrottleOutcome?> AskAsync(
        IDatabase database,
        IReadOnlyList<ThrottleLimit> limits,
        IReadOnlyList<ThrottleRequest> requests,
        byte[] ahead
    )
    {
        var owed = local.TakeOwed(limits);
        var asked = owed is null ? requests : [owed, .. requests];
        var keys = new RedisKey[limits.Count];
        for (var i = 0; i < keys.Length; i++)
        {
            keys[i] = limits[i].Key;
        }

        var answer = await RunAsync(
            ChargeScript,
            database,
            keys,
            WindowCall.Limits(limits),
            WindowCall.Requests(asked),
            ahead
        );
        var outcome = answer is null ? null : WindowCall.Read(answer, limits, asked);
        if (owed is not null && outcome is null or { Missing.Count: > 0 })
        {
            local.Owe(limits, owed!);
        }

        return outcome;
    }

    /// <summary>Other replicas' counts are lost too: within a window only the parts of all replicas add up to the cap.</summary>
    private async Task<ThrottleOutcome> ChargeCarefullyAsync(
        IDatabase database,
        IReadOnlyList<ThrottleLimit> limits,
        IReadOnlyList<ThrottleRequest> requests
    )
    {
        var fitting = requests.Select(r => local.TryTake(limits, r)).ToArray();
        var asked = requests.Where((_, i) => fitting[i]).ToArray();
        var outcome = asked.Length == 0 ? null : await AskAsync(database, limits, asked, []);
        if (outcome is { Missing.Count: > 0 })
        {
            foreach (var request in asked)
            {
                local.GiveBack(limits, request);
            }

            return outcome;
        }

        var decisions = new List<Decision>(requests.Count);
        for (var (i, at) = (0, 0); i < requests.Count; i++)
        {
            decisions.Add(
                !fitting[i] ? local.Decide(limits, requests[i])
                : outcome is null ? new Decision.Admitted([])
                : outcome.Decisions[at++]
            );
            if (fitting[i] && decisions[i] is Decision.Refused)
            {
                local.GiveBack(limits, requests[i]);
            }
            else if (fitting[i] && outcome is null)
            {
                local.Owe(limits, requests[i]);
            }
        }

        var uses = outcome?.Uses ?? [.. limits.Select(_ => new LimitUse(0, TimeSpan.Zero, -1, false, false))];
        return new ThrottleOutcome(decisions, uses, [], Local: outcome is null);
    }

    /// <summary>Limits that the ledger can count again need no care.</summary>
    private bool IsCareful(ThrottleLimit limit) =>
        limit is { FromLedger: false, CountedWithAnother: false }
        && redis.LostAt is { } lost
        && clock.GetElapsedTime(lost) < (limit.Window > CarefulFor ? limit.Window * 1.01 : CarefulFor);

    private async Task<byte[]?> RunAsync(
        RedisScript script,
        IDatabase database,
        RedisKey[] keys,
        params RedisValue[] values
    )
    {
        try
        {
            return (byte[]?)await script.RunAsync(database, keys, values).WaitAsync(timeout, clock) ?? [];
        }
        catch (Exception problem) when (problem is RedisException or TimeoutException or ObjectDisposedException)
        {
            redis.Failed(problem.Message);
            return null;
        }
    }
}
