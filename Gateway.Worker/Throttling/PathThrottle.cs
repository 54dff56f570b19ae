using Gateway.Batching;
using Gateway.Throttling;
using Gateway.Worker.Paths;

namespace Gateway.Worker.Throttling;

/// <summary>
/// The rates of paths, shared by all workers: asked before Begin, many sends in one script. What is over the rate
/// waits for its path and spends no attempt; each is told another time, so that they do not all come back at once.
/// </summary>
public sealed class PathThrottle : IAsyncDisposable
{
    private readonly Throttle throttle;
    private readonly GroupCommit<ThrottleLimit, TimeSpan?> calls;

    public PathThrottle(Throttle throttle)
    {
        this.throttle = throttle;
        calls = new(ChargeAsync, new() { InFlight = 2 });
    }

    /// <summary>Null where the path may be used now; else when to come again.</summary>
    public async ValueTask<TimeSpan?> WaitForAsync(EgressPath path) =>
        path.Rate is { } rate ? await calls.WriteAsync(LimitOf(path.Name, rate)) : null;

    public ValueTask DisposeAsync() => calls.DisposeAsync();

    internal static ThrottleLimit LimitOf(string path, PathRate rate) =>
        new($"gw:path:{{{path}}}:{(long)rate.Window.TotalSeconds}", rate.Messages, rate.Window, ThrottleKind.Spread);

    private async Task ChargeAsync(
        IReadOnlyList<GroupCommit<ThrottleLimit, TimeSpan?>.Pending> batch,
        CancellationToken cancel
    ) => await Task.WhenAll(batch.GroupBy(p => p.Item.Key).Select(g => ChargePathAsync([.. g])));

    private async Task ChargePathAsync(GroupCommit<ThrottleLimit, TimeSpan?>.Pending[] sends)
    {
        var request = new ThrottleRequest([new Charge(0, 1)]);
        var outcome = await throttle.ChargeAsync([sends[0].Item], [.. sends.Select(_ => request)]);
        for (var i = 0; i < sends.Length; i++)
        {
            sends[i].TrySetResult(outcome.Decisions[i] is Decision.Refused refused ? refused.OpensIn : null);
        }
    }
}
