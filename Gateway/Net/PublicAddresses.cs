using System.Net;
using System.Net.Sockets;

namespace Gateway.Net;

/// <summary>
/// Which addresses belong to the public Internet (IANA's special-purpose registries, RFC 6890 and its updates). What is
/// not surely public is not.
/// </summary>
public static class PublicAddresses
{
    private static readonly IPNetwork[] NotPublic =
    [
        .. Networks(
            "0.0.0.0/8", // this network (RFC 791 §3.2)
            "10.0.0.0/8", // private (RFC 1918)
            "100.64.0.0/10", // carrier-grade NAT (RFC 6598); a cloud's metadata lives at 100.100.100.200
            "127.0.0.0/8", // loopback
            "169.254.0.0/16", // link-local (RFC 3927); clouds' metadata
            "172.16.0.0/12", // private
            "192.0.0.0/24", // IETF protocols (RFC 6890); a cloud's metadata lives at 192.0.0.192
            "192.0.2.0/24", // documentation (RFC 5737)
            "192.31.196.0/24", // AS112 (RFC 7535)
            "192.52.193.0/24", // AMT (RFC 7450)
            "192.88.99.0/24", // 6to4 relays (RFC 7526)
            "192.168.0.0/16", // private
            "192.175.48.0/24", // AS112 (RFC 7534)
            "198.18.0.0/15", // benchmarks (RFC 2544)
            "198.51.100.0/24", // documentation
            "203.0.113.0/24", // documentation
            "168.63.129.16/32", // a cloud's host, behind a public number
            "224.0.0.0/3", // multicast, reserved, broadcast
            "2001::/23", // IETF protocols, Teredo among them (RFC 4380)
            "2001:db8::/32", // documentation (RFC 3849)
            "2002::/16", // 6to4: the IPv4 address inside may be anyone's (RFC 3056)
            "2620:4f:8000::/48", // AS112
            "3fff::/20" // documentation (RFC 9637)
        ),
    ];

    /// <summary>RFC 4291 §2.4: all that is handed out for the Internet; NAT64, mapped, local and multicast lie outside.</summary>
    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    /// <summary>True for an address of a machine that anybody could reach from anywhere.</summary>
    public static bool IsPublic(IPAddress address)
    {
        // ::ffff:127.0.0.1 connects to 127.0.0.1 (RFC 4291 §2.5.5.2).
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        if (plain.AddressFamily == AddressFamily.InterNetworkV6)
        {
            return plain.ScopeId == 0 && GlobalUnicast.Contains(plain) && !IsSpecial(plain);
        }

        return plain.AddressFamily == AddressFamily.InterNetwork && !IsSpecial(plain);
    }

    private static bool IsSpecial(IPAddress address) => Array.Exists(NotPublic, n => n.Contains(address));

    private static IEnumerable<IPNetwork> Networks(params IEnumerable<string> texts) => texts.Select(IPNetwork.Parse);
}
