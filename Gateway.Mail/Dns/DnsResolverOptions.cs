using System.Net;

namespace Gateway.Mail.Dns;

/// <summary>Whom a resolver asks, and how long it waits.</summary>
public sealed record DnsResolverOptions
{
    private const int Port = 53;

    /// <summary>Recursive resolvers, asked in this order; 1 to 8.</summary>
    public required IReadOnlyList<IPEndPoint> Servers
    {
        get;
        init =>
            field = value.Count is > 0 and <= DnsLimits.Servers
                ? value
                : throw new ArgumentException(
                    $"{value.Count} servers; 1 to {DnsLimits.Servers} are asked",
                    nameof(value)
                );
    }

    /// <summary>For one try at one server, TCP included.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>For one question, all servers and aliases together.</summary>
    public TimeSpan Budget { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Reads <c>192.0.2.1</c>, <c>192.0.2.1:5353</c>, <c>2001:db8::1</c> or <c>[2001:db8::1]:5353</c>.</summary>
    public static bool TryParseServer(string text, out IPEndPoint server)
    {
        var isServer = IPEndPoint.TryParse(text, out var read);
        server = read ?? new IPEndPoint(IPAddress.None, 0);
        server.Port = server.Port == 0 ? Port : server.Port;
        return isServer;
    }

    /// <summary>The servers of a resolv.conf; the machine itself where it names none (resolv.conf(5)).</summary>
    public static IReadOnlyList<IPEndPoint> ReadResolvConf(string text)
    {
        var servers = new List<IPEndPoint>();
        foreach (var line in text.Split('\n'))
        {
            var words = line.Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
            // A zone after '%' names an interface: IPAddress reads it where it is a number.
            if (words is ["nameserver", var address, ..] && IPAddress.TryParse(address, out var ip))
                servers.Add(new IPEndPoint(ip, Port));
        }

        return servers.Count == 0 ? [new IPEndPoint(IPAddress.Loopback, Port)] : [.. servers.Take(DnsLimits.Servers)];
    }
}
