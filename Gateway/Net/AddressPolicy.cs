using System.Net;

namespace Gateway.Net;

/// <summary>Where a connection may go. Immutable.</summary>
public sealed record AddressPolicy
{
    private AddressPolicy() { }

    /// <summary>Anywhere: for what the operator himself configured.</summary>
    public static AddressPolicy Anywhere { get; } = new();

    /// <summary>Ports at which submission services and their APIs listen.</summary>
    public static IReadOnlyList<int> MailPorts { get; } = [25, 443, 465, 587, 2465, 2525, 2587];

    /// <summary>Null where every port is open.</summary>
    public IReadOnlyList<int>? Ports { get; private init; }

    /// <summary>Networks that are open though they are not public.</summary>
    public IReadOnlyList<IPNetwork> Allowed { get; private init; } = [];

    public bool OnlyPublic { get; private init; }

    /// <summary>Public addresses and the networks given, at these ports: for what a tenant configured.</summary>
    public static AddressPolicy PublicOnly(IEnumerable<int> ports, params IEnumerable<IPNetwork> allowed) =>
        new()
        {
            OnlyPublic = true,
            Ports = [.. ports],
            Allowed = [.. allowed],
        };

    /// <summary>Why nothing may connect to this port; null where it may.</summary>
    public string? Objection(int port) =>
        Ports is null || Ports.Contains(port)
            ? null
            : $"port {port} is closed; open are {string.Join(", ", Ports.Order())}";

    /// <summary>Why nothing may connect to this address; null where it may.</summary>
    public string? Objection(IPAddress address)
    {
        if (!OnlyPublic || PublicAddresses.IsPublic(address))
        {
            return null;
        }

        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        // A zone id names one of our own interfaces, which no network in a list means.
        var isOpen = (plain.GetAddressBytes().Length == 4 || plain.ScopeId == 0) && Allowed.Any(n => n.Contains(plain));
        return isOpen ? null : "its address is not public";
    }
}
