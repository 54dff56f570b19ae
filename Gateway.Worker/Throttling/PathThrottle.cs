using System.Collections.Concurrent;
using Gateway.Batching;
using Gateway.Throttling;
using Gateway.Worker.Paths;

namespace Gateway.Worker.Throttling;

/// <summary>
/// The limits of paths, shared by all workers: asked before Begin, many sends in one script. What is over a limit waits
/// for its path and spends no attempt; each is told another time, so that they do not all come back at once. Where a
/// path has less room than transactional mail wants, that takes it first, and broadcast mail waits (D25).
/// </summary>
public sealed class PathThrottle : IAsyncDisposable
{
    /// <summary>Of a day's cap, so much is kept for transactional mail.</summary>
    private const double KeptOfTheDay = 0.2;

    /// <summary>After a transactional send found no room, broadcast mail leaves all of it for so long.</summary>
    private static readonly TimeSpan StandsBackFor = TimeSpan.FromSeconds(5);

    /// <summary>Sends of one script: each brings up to three limits of its domain, and a call holds 255.</summary>
    private const int AtOnce = 60;

    private readonly Throttle throttle;
    private readonly TimeProvider clock;
    private readonly GroupCommit<Asked, TimeSpan?> calls;
    private readonly ConcurrentDictionary<string, DateTimeOffset> wanted = new(StringComparer.Ordinal);

    public PathThrottle(Throttle throttle, TimeProvider clock)
    {
        (this.throttle, this.clock) = (throttle, clock);
        calls = new(ChargeAsync, new() { InFlight = 2 });
    }

    /// <summary>Null where the path may be used now; else when to come again.</summary>
    public async ValueTask<TimeSpan?> WaitForAsync(EgressPath path, string domain, bool isBroadcast)
    {
        if (path.Limits is not { } limits)
        {
            return null;
        }

        var asked = LimitsOf(path.Name, limits, domain, isBroadcast);
        if (asked.Length == 0)
        {
            return null;
        }

        if (isBroadcast && wanted.TryGetValue(path.Name, out var until) && until > clock.GetUtcNow())
        {
            return (until - clock.GetUtcNow()) * (1 + Random.Shared.NextDouble());
        }

        var wait = await calls.WriteAsync(new Asked(path.Name, asked));
        if (wait is not null && !isBroadcast)
        {
            wanted[path.Name] = clock.GetUtcNow() + StandsBackFor;
        }

        return wait;
    }

    public ValueTask DisposeAsync() => calls.DisposeAsync();

    internal static ThrottleLimit[] LimitsOf(string path, PathLimits limits, string domain, bool isBroadcast)
    {
        var all = new List<ThrottleLimit>();
        Add(limits.Path, "");
        var own = limits.Of(domain);
        Add(own, ":" + domain.ToLowerInvariant());
        return [.. all];

        void Add(PathLimit limit, string of)
        {
            if (limit.Rate is { } rate)
            {
                all.Add(Limit(path, of, rate));
            }

            if (limit.DailyCap is { } cap)
            {
                all.Add(Limit(path, of + ":day", cap));
                if (isBroadcast && of.Length == 0)
                {
                    var part = Math.Max(1, (long)(cap.Messages * (1 - KeptOfTheDay)));
                    all.Add(Limit(path, ":broadcast", cap with { Messages = part }));
                }
            }
        }
    }

    private static ThrottleLimit Limit(string path, string of, PathRate rate) =>
        new(
            $"gw:path:{{{path}}}{of}:{(long)rate.Window.TotalSeconds}",
            rate.Messages,
            rate.Window,
            ThrottleKind.Spread
        );

    private async Task ChargeAsync(
        IReadOnlyList<GroupCommit<Asked, TimeSpan?>.Pending> batch,
        CancellationToken cancel
    ) => await Task.WhenAll(batch.GroupBy(p => p.Item.Path).SelectMany(g => g.Chunk(AtOnce)).Select(ChargePathAsync));

    private async Task ChargePathAsync(GroupCommit<Asked, TimeSpan?>.Pending[] sends)
    {
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        var limits = new List<ThrottleLimit>();
        var requests = new List<ThrottleRequest>(sends.Length);
        foreach (var send in sends)
        {
            var charges = new List<Charge>(send.Item.Limits.Length);
            foreach (var limit in send.Item.Limits)
            {
                if (!places.TryGetValue(limit.Key, out var place))
                {
                    places[limit.Key] = place = limits.Count;
                    limits.Add(limit);
                }

                charges.Add(new Charge(place, 1));
            }

            requests.Add(new ThrottleRequest(charges));
        }

        var outcome = await throttle.ChargeAsync(limits, requests);
        for (var i = 0; i < sends.Length; i++)
        {
            sends[i].TrySetResult(outcome.Decisions[i] is Decision.Refused refused ? refused.OpensIn : null);
        }
    }

    private sealed record Asked(string Path, ThrottleLimit[] Limits);
}
