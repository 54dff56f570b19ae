using System.Collections.Concurrent;
using Gateway.Batching;
using Gateway.Providers;
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
    /// <summary>After a transactional send found no room, broadcast mail leaves all of it for so long.</summary>
    private static readonly TimeSpan StandsBackFor = TimeSpan.FromSeconds(5);

    /// <summary>Sends of one script: each brings up to two limits of its domain, and a call holds 255.</summary>
    private const int AtOnce = 60;

    private readonly Throttle throttle;
    private readonly PathCounts counts;
    private readonly TimeProvider clock;
    private readonly GroupCommit<Asked, Answer> calls;
    private readonly ConcurrentDictionary<string, DateTimeOffset> wanted = new(StringComparer.Ordinal);

    public PathThrottle(Throttle throttle, PathCounts counts, TimeProvider clock)
    {
        (this.throttle, this.counts, this.clock) = (throttle, counts, clock);
        calls = new(ChargeAsync, new() { InFlight = 2 });
    }

    /// <summary>Null where the path may be used now; else when to come again.</summary>
    public async ValueTask<TimeSpan?> WaitForAsync(EgressPath path, string domain, bool isBroadcast)
    {
        if (path.Limits is not { } limits)
        {
            return null;
        }

        var asked = PathWindows.Of(path.Name, limits, domain, isBroadcast);
        if (asked.Length == 0)
        {
            return null;
        }

        if (isBroadcast && wanted.TryGetValue(path.Name, out var until) && until > clock.GetUtcNow())
        {
            return (until - clock.GetUtcNow()) * (1 + Random.Shared.NextDouble());
        }

        var wait = await AskAsync(new Asked(path.Name, limits, asked));
        if (wait is not null && !isBroadcast)
        {
            wanted[path.Name] = clock.GetUtcNow() + StandsBackFor;
        }

        return wait;
    }

    public ValueTask DisposeAsync() => calls.DisposeAsync();

    private async Task<TimeSpan?> AskAsync(Asked asked)
    {
        while (true)
        {
            var answer = await calls.WriteAsync(asked);
            if (answer.Counting is null)
            {
                return answer.Wait;
            }

            // Aboard its path it keeps nobody else from theirs; whatever the count says, the next answer decides.
            await answer.Counting;
        }
    }

    private async Task ChargeAsync(IReadOnlyList<GroupCommit<Asked, Answer>.Pending> batch, CancellationToken cancel) =>
        await Task.WhenAll(batch.GroupBy(p => p.Item.Path).SelectMany(g => g.Chunk(AtOnce)).Select(ChargePathAsync));

    private async Task ChargePathAsync(GroupCommit<Asked, Answer>.Pending[] sends)
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

        var path = sends[0].Item.Path;
        var outcome = counts.IsUnknown(path)
            ? throttle.Decide(limits, requests)
            : await throttle.ChargeAsync(limits, requests);
        var counting = outcome.Missing.Count > 0 ? CountAsync(limits[outcome.Missing[0]], sends) : null;
        for (var i = 0; i < sends.Length; i++)
        {
            sends[i]
                .TrySetResult(
                    counting is not null ? new Answer(null, counting)
                    : outcome.Decisions[i] is Decision.Refused refused ? new Answer(refused.OpensIn)
                    : default
                );
        }
    }

    /// <summary>By the settings that want it: for a moment after a change there are two.</summary>
    private Task CountAsync(ThrottleLimit missing, GroupCommit<Asked, Answer>.Pending[] sends)
    {
        var asked = sends.First(s => s.Item.Limits.Any(l => l.Key == missing.Key)).Item;
        return counts.CountAsync(asked.Path, asked.All);
    }

    private sealed record Asked(string Path, PathLimits All, ThrottleLimit[] Limits);

    /// <param name="Wait">Null where the path may be used now.</param>
    /// <param name="Counting">Until it ends nothing is decided: ask again.</param>
    private readonly record struct Answer(TimeSpan? Wait, Task? Counting = null);
}
