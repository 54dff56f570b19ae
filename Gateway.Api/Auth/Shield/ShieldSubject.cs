using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Gateway.Tenants;

namespace Gateway.Api.Auth.Shield;

/// <summary>The doors that strangers knock at.</summary>
public enum ShieldDoor
{
    Http,
    Smtp,
}

/// <summary>Addresses, networks and key ids as numbers. They hash with a seed of this process: nobody can aim for another's place.</summary>
internal static class ShieldSubject
{
    private const int KeyIdAt = 9;
    private const int KeyIdLength = 16;

    public static ulong Address(ShieldDoor door, IPAddress address)
    {
        var (high, low) = Bits(address);
        return Hash(1, door, high, low);
    }

    /// <summary>IPv4 by /24, IPv6 by /48: what one attacker has many addresses of.</summary>
    public static ulong Network(ShieldDoor door, IPAddress address)
    {
        var (high, low) = Bits(address);
        return IsV4(address) ? Hash(2, door, high, low & ~0xFFUL) : Hash(3, door, high & ~0xFFFFUL, 0);
    }

    /// <summary>The id in what was given as a key, whether or not the rest of it is one; null where it has none.</summary>
    public static ulong? KeyId(ReadOnlySpan<char> given)
    {
        if (given.Length != ApiKey.TextLength || !given.StartsWith("gw_"))
        {
            return null;
        }

        var hash = new HashCode();
        foreach (var c in given.Slice(KeyIdAt, KeyIdLength))
        {
            hash.Add(c);
        }

        return Hash(4, default, (ulong)hash.ToHashCode(), 0);
    }

    private static bool IsV4(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetwork || address.IsIPv4MappedToIPv6;

    private static (ulong High, ulong Low) Bits(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        plain.TryWriteBytes(plain.AddressFamily == AddressFamily.InterNetwork ? bytes[12..] : bytes, out _);
        return (BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));
    }

    private static ulong Hash(int kind, ShieldDoor door, ulong high, ulong low) =>
        ((ulong)(uint)HashCode.Combine(kind, door, high, low) << 32)
        | (uint)HashCode.Combine(low, high, door, kind, 0x5eed);
}
