using System.Net;

namespace Gateway.Api.Auth.Shield;

/// <summary>How many failures a subject has free, and how fast they are forgotten.</summary>
/// <param name="Burst">Failures that cost nothing.</param>
/// <param name="PerMinute">Failures forgotten a minute.</param>
public sealed record FailureAllowance(double Burst, double PerMinute);

/// <summary>What strangers may cost this replica, from <c>Gateway:Shield</c>.</summary>
public sealed class ShieldOptions
{
    /// <summary>False answers wrong keys at once, however many come: to measure what the check alone costs.</summary>
    public bool Penalties { get; set; } = true;

    /// <summary>
    /// Of one address over HTTP. A guess there costs microseconds and cannot succeed (a key has 160 random bits), so
    /// what is bounded is the load, not the guessing; people trying out their set-up stay far below.
    /// </summary>
    public FailureAllowance Http { get; set; } = new(Burst: 300, PerMinute: 120);

    /// <summary>Of one address over SMTP, where a failure has cost us a TLS handshake before.</summary>
    public FailureAllowance Smtp { get; set; } = new(Burst: 5, PerMinute: 5);

    /// <summary>A network (IPv4 /24, IPv6 /48) has so many times the allowance of an address.</summary>
    public double NetworkFactor { get; set; } = 10;

    /// <summary>Of one key id, from wherever: a key that is guessed at, or one that was revoked and is still in use.</summary>
    public FailureAllowance Key { get; set; } = new(Burst: 300, PerMinute: 20);

    /// <summary>Sockets that wait for a delayed refusal; a further one is refused at once.</summary>
    public int MostDelayed { get; set; } = 256;

    /// <summary>Open connections of one replica; beyond it 503 and 421. The host needs file descriptors for both.</summary>
    public int HttpConnections { get; set; } = 12_000;
    public int HttpConnectionsPerAddress { get; set; } = 8_000;
    public int SmtpConnections { get; set; } = 4_000;
    public int SmtpConnectionsPerAddress { get; set; } = 500;

    /// <summary>Sessions that one tenant is logged in with.</summary>
    public int SmtpConnectionsPerTenant { get; set; } = 1_000;

    /// <summary>Requests with a good key that are being worked on; a further one is answered 503 before its body is read.</summary>
    public int Requests { get; set; } = 4_000;

    /// <summary>Bytes of bodies and messages that are being read.</summary>
    public long ContentBytes { get; set; } = 512L << 20;

    /// <summary>
    /// Networks of our own proxies and balancers, as <c>10.0.0.0/8</c>: one of these addresses stands for many clients,
    /// so it has no cap and no penalty of its own.
    /// </summary>
    public string[] Proxies { get; set; } = [];

    /// <summary>
    /// <c>Gateway:TrustedProxies</c>: networks of proxies that tell us their clients, by X-Forwarded-For over HTTP and by
    /// the PROXY protocol before SMTP. The clients' addresses then count, and the proxies' own do not.
    /// </summary>
    public string[] TrustedProxies { get; internal set; } = [];

    public IEnumerable<string> Problems()
    {
        (string Name, double Value)[] positive =
        [
            (nameof(MostDelayed), MostDelayed),
            (nameof(HttpConnections), HttpConnections),
            (nameof(HttpConnectionsPerAddress), HttpConnectionsPerAddress),
            (nameof(SmtpConnections), SmtpConnections),
            (nameof(SmtpConnectionsPerAddress), SmtpConnectionsPerAddress),
            (nameof(SmtpConnectionsPerTenant), SmtpConnectionsPerTenant),
            (nameof(Requests), Requests),
            (nameof(ContentBytes), ContentBytes),
            (nameof(NetworkFactor), NetworkFactor),
        ];
        foreach (var (name, value) in positive.Where(p => p.Value <= 0))
        {
            yield return $"Gateway:Shield:{name} is {value}; it must be above 0";
        }

        foreach (var proxy in Proxies.Where(p => !IPNetwork.TryParse(p, out _)))
        {
            yield return $"Gateway:Shield:Proxies has '{proxy}'; a network is written as 10.0.0.0/8 or fd00::/8";
        }

        foreach (var proxy in TrustedProxies.Where(p => !IPNetwork.TryParse(p, out _)))
        {
            yield return $"Gateway:TrustedProxies has '{proxy}'; a network is written as 10.0.0.0/8, one address as 10.0.0.7/32";
        }
    }

    internal IPNetwork[] ProxyNetworks() => [.. Proxies.Concat(TrustedProxies).Select(p => IPNetwork.Parse(p))];

    internal IPNetwork[] TrustedNetworks() => [.. TrustedProxies.Select(p => IPNetwork.Parse(p))];
}
