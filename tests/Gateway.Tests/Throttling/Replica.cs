using Gateway.Tests.Running;
using Gateway.Throttling;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;

namespace Gateway.Tests.Throttling;

/// <summary>One replica's throttle on a connection of its own, with a clock that may be wrong.</summary>
internal sealed class Replica : IAsyncDisposable
{
    private readonly ConnectionMultiplexer client;

    private Replica(ConnectionMultiplexer client, Throttle throttle) => (this.client, Throttle) = (client, throttle);

    public Throttle Throttle { get; }

    public IDatabase Redis => client.GetDatabase();

    public static async Task<Replica> StartAsync(
        string redis,
        int replicas = 4,
        TimeSpan? skew = null,
        TimeSpan? timeout = null
    )
    {
        var options = ConfigurationOptions.Parse(redis);
        options.AbortOnConnectFail = false;
        var connected = await ConnectionMultiplexer.ConnectAsync(options);
        var throttle = new Throttle(
            () => connected,
            // A starved test machine must not look like a Redis that is away.
            new ThrottleOptions { Replicas = replicas, RedisTimeout = timeout ?? TimeSpan.FromSeconds(20) },
            new SkewedClock(skew ?? TimeSpan.Zero),
            NullLogger<Throttle>.Instance
        );
        var replica = new Replica(connected, throttle);
        await replica.UntilSharedAsync();
        return replica;
    }

    public Task UntilSharedAsync() =>
        Eventually.TrueAsync(() => Task.FromResult(Throttle.IsShared), "the replica finds Redis");

    public Task UntilAloneAsync() =>
        Eventually.TrueAsync(() => Task.FromResult(!Throttle.IsShared), "the replica misses Redis");

    /// <summary>One request of so many units against one limit.</summary>
    public async Task<(Decision Decision, double At)> TakeAsync(ThrottleLimit limit, long units = 1)
    {
        var outcome = await Throttle.ChargeAsync([limit], [new ThrottleRequest([new Charge(0, units)])]);
        return (outcome.Decisions[0], outcome.DecidedAt);
    }

    public async ValueTask DisposeAsync()
    {
        await Throttle.DisposeAsync();
        await client.CloseAsync();
        client.Dispose();
    }

    private sealed class SkewedClock(TimeSpan skew) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + skew;
    }
}

/// <summary>Counts over all true windows of a log.</summary>
internal static class TrueWindows
{
    /// <summary>The most units that any window [t, t + length) holds.</summary>
    public static long Most(IEnumerable<(double At, long Units)> log, TimeSpan length)
    {
        var sorted = log.OrderBy(e => e.At).ToArray();
        var (most, sum, from) = (0L, 0L, 0);
        foreach (var (at, units) in sorted)
        {
            sum += units;
            // A turn is a sum of fractions of a millisecond: what is a window later within a microsecond is so.
            while (sorted[from].At <= at - length.TotalMilliseconds + 0.001)
            {
                sum -= sorted[from++].Units;
            }

            most = Math.Max(most, sum);
        }

        return most;
    }
}
