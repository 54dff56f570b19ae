using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Tenants;

/// <summary>The network that a request came from: IPv4 by /24, IPv6 by /48, which is what one site commonly has.</summary>
/// <param name="Prefix">The prefix as a number: of IPv4 its 24 bits, of IPv6 its 48.</param>
public readonly record struct SourceNetwork(ulong Prefix, bool IsV6)
{
    /// <summary>Null where the transport has no address.</summary>
    public static SourceNetwork? Of(IPAddress? address)
    {
        if (address is null)
        {
            return null;
        }

        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        plain.TryWriteBytes(bytes, out _);
        return plain.AddressFamily == AddressFamily.InterNetwork
            ? new SourceNetwork(BinaryPrimitives.ReadUInt32BigEndian(bytes) >> 8, IsV6: false)
            : new SourceNetwork(BinaryPrimitives.ReadUInt64BigEndian(bytes) >> 16, IsV6: true);
    }

    /// <summary>As <see cref="ToString"/> writes it; null for anything else.</summary>
    public static SourceNetwork? Parse(string text) =>
        IPNetwork.TryParse(text, out var network) ? Of(network.BaseAddress) : null;

    /// <summary><c>203.0.113.0/24</c> or <c>2001:db8:1::/48</c>.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        if (IsV6)
        {
            BinaryPrimitives.WriteUInt64BigEndian(bytes, Prefix << 16);
            return $"{new IPAddress(bytes)}/48";
        }

        BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)Prefix << 8);
        return $"{new IPAddress(bytes[..4])}/24";
    }
}
