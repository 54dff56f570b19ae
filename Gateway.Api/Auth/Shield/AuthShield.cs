using System.Net;
using Gateway.Tenants;
using ServiceDefaults.Health;

namespace Gateway.Api.Auth.Shield;

/// <summary>
/// What becomes of whoever brings a wrong key (S2): the first are told so at once, further ones later and later on a
/// bounded number of sockets, and all beyond are sent away for a while. It never sees a key whose mac is right, unless
/// the database refused it: a good key passes whatever else comes from its address.
/// </summary>
public sealed class AuthShield(
    ShieldOptions options,
    TenantDirectory directory,
    HostReadiness readiness,
    TimeProvider clock
)
{
    private const int Remembered = 1 << 16;

    /// <summary>Failures beyond the free ones that are still answered in person, if late.</summary>
    private const double MostDelays = 8;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(4);

    /// <summary>Logins of an address that count as its being known; they are forgotten within the hour.</summary>
    private static readonly FailureAllowance Known = new(Burst: 0, PerMinute: 20 / 60d);
    private readonly FailureWindows failures = new(Remembered, clock);
    private readonly FailureWindows successes = new(Remembered / 4, clock);
    private readonly IPNetwork[] proxies = options.ProxyNetworks();
    private int delayed;

    /// <summary>Sockets that wait for their refusal now.</summary>
    public int Delayed => Volatile.Read(ref delayed);

    /// <summary>
    /// Whether a wrong key may be called wrong. While this replica is overloaded, or cannot hear from the database what
    /// has changed, everybody is asked to come again instead.
    /// </summary>
    public bool MayRefuse => readiness.Overload is null && directory.IsTold;

    /// <summary>A login that failed for good, at the pace its sender has earned.</summary>
    /// <param name="door">Where.</param>
    /// <param name="from">Null where the transport has no address.</param>
    /// <param name="given">What was given as a key.</param>
    /// <param name="isForged">False where the mac was right and the database said no: then the address is not blamed.</param>
    /// <param name="cancel">The socket is gone.</param>
    /// <returns>Null: say that it is wrong. Else say when to come again.</returns>
    public async ValueTask<TimeSpan?> FailedAsync(
        ShieldDoor door,
        IPAddress? from,
        string given,
        bool isForged,
        CancellationToken cancel
    )
    {
        if (!options.Penalties)
        {
            return null;
        }

        var over = Count(door, isForged ? from : null, given);
        if (over <= 0)
        {
            return null;
        }

        if (over > MostDelays || !TryTakeDelay())
        {
            GatewayTelemetry.AuthenticationPenalties.Add(1, new KeyValuePair<string, object?>("answer", "refused"));
            return TimeSpan.FromSeconds(Math.Ceiling(Math.Max(1, over) * 60 / Allowance(door).PerMinute));
        }

        try
        {
            GatewayTelemetry.AuthenticationPenalties.Add(1, new KeyValuePair<string, object?>("answer", "delayed"));
            await Task.Delay(DelayOf(over), clock, cancel);
            return null;
        }
        finally
        {
            Interlocked.Decrement(ref delayed);
        }
    }

    /// <summary>A good key came from there.</summary>
    public void Succeeded(ShieldDoor door, IPAddress? from)
    {
        if (from is not null)
        {
            successes.Add(ShieldSubject.Address(door, from), Known);
        }
    }

    /// <summary>An address from which nothing but failures came lately: the first to go where places are short.</summary>
    public bool IsSuspect(ShieldDoor door, IPAddress? from) =>
        options.Penalties
        && from is not null
        && !IsProxy(from)
        && failures.Over(ShieldSubject.Address(door, from), Allowance(door)) > 0
        && successes.Over(ShieldSubject.Address(door, from), Known) <= 0;

    public bool IsProxy(IPAddress address) =>
        proxies.Length > 0
        && Array.Exists(proxies, p => p.Contains(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address));

    /// <summary>Where a client is; null where only a proxy of ours is known of it.</summary>
    public SourceNetwork? NetworkOf(IPAddress? from) => from is null || IsProxy(from) ? null : SourceNetwork.Of(from);

    private double Count(ShieldDoor door, IPAddress? from, string given)
    {
        var over = ShieldSubject.KeyId(given) is { } key ? failures.Add(key, options.Key) : 0;
        if (from is null || IsProxy(from))
        {
            return over;
        }

        var allowance = Allowance(door);
        var ofMany = new FailureAllowance(
            allowance.Burst * options.NetworkFactor,
            allowance.PerMinute * options.NetworkFactor
        );
        over = Math.Max(over, failures.Add(ShieldSubject.Address(door, from), allowance));
        return Math.Max(over, failures.Add(ShieldSubject.Network(door, from), ofMany));
    }

    private FailureAllowance Allowance(ShieldDoor door) => door == ShieldDoor.Http ? options.Http : options.Smtp;

    private static TimeSpan DelayOf(double over)
    {
        var delay = FirstDelay * Math.Pow(2, Math.Floor(over - 1));
        return delay < LongestDelay ? delay : LongestDelay;
    }

    private bool TryTakeDelay()
    {
        if (Interlocked.Increment(ref delayed) <= options.MostDelayed)
        {
            return true;
        }

        Interlocked.Decrement(ref delayed);
        return false;
    }
}
