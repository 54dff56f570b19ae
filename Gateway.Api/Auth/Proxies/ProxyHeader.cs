using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Api.Auth.Proxies;

/// <summary>
/// The first bytes that a proxy says of its client: HAProxy's PROXY protocol, versions 1 (a line) and 2 (binary), as in
/// proxy-protocol.txt of the HAProxy project. Pure; whoever it is not expected from is never asked.
/// </summary>
/// <param name="Length">Bytes that belong to the proxy; what follows is the client's.</param>
/// <param name="Client">Null where the proxy speaks for itself (LOCAL, a health check) or does not know.</param>
internal sealed record ProxyHeader(int Length, IPEndPoint? Client)
{
    /// <summary>The longest line of version 1, its end included (§2.1).</summary>
    public const int LongestLine = 107;

    /// <summary>Of version 2 with what proxies append, such as the facts of their TLS.</summary>
    public const int Longest = 2_048;

    private const int HeadLength = 16;

    private static ReadOnlySpan<byte> Signature => "\r\n\r\n\0\r\nQUIT\n"u8;

    private static ReadOnlySpan<byte> Line => "PROXY "u8;

    /// <summary>What has arrived so far.</summary>
    /// <returns>False where it is none, whatever may follow. True without a header: more bytes are needed.</returns>
    public static bool TryRead(in ReadOnlySequence<byte> arrived, out ProxyHeader? header)
    {
        Span<byte> copy = stackalloc byte[(int)Math.Min(arrived.Length, Longest)];
        arrived.Slice(0, copy.Length).CopyTo(copy);
        return TryRead(copy, out header);
    }

    public static bool TryRead(ReadOnlySpan<byte> arrived, out ProxyHeader? header)
    {
        header = null;
        return Begins(arrived, Signature)
            ? TryReadBinary(arrived, out header)
            : Begins(arrived, Line) && TryReadLine(arrived, out header);
    }

    private static bool Begins(ReadOnlySpan<byte> arrived, ReadOnlySpan<byte> with) =>
        arrived.Length < with.Length ? with.StartsWith(arrived) : arrived.StartsWith(with);

    /// <summary>§2.2: signature, version and command, family, length, addresses, and what else the proxy tells.</summary>
    private static bool TryReadBinary(ReadOnlySpan<byte> arrived, out ProxyHeader? header)
    {
        header = null;
        if (arrived.Length < HeadLength)
        {
            return true;
        }

        var (command, family) = (arrived[12], arrived[13]);
        var length = HeadLength + BinaryPrimitives.ReadUInt16BigEndian(arrived[14..]);
        if (length > Longest || command is not (0x20 or 0x21))
        {
            return false;
        }

        if (arrived.Length < length)
        {
            return true;
        }

        var addresses = arrived[HeadLength..length];
        switch (command, family)
        {
            // LOCAL, and AF_UNSPEC: the connection's own address stands.
            case (0x20, _) or (_, 0x00):
                header = new ProxyHeader(length, null);
                return true;
            case (_, 0x11) when addresses.Length >= 12:
                header = new ProxyHeader(length, EndPoint(addresses[..4], addresses[8..]));
                return true;
            case (_, 0x21) when addresses.Length >= 36:
                header = new ProxyHeader(length, EndPoint(addresses[..16], addresses[32..]));
                return true;
            default:
                return false;
        }
    }

    /// <summary>§2.1: <c>PROXY TCP4 client proxy port port</c> with single spaces, and CRLF within 107 bytes.</summary>
    private static bool TryReadLine(ReadOnlySpan<byte> arrived, out ProxyHeader? header)
    {
        header = null;
        var end = arrived[..Math.Min(arrived.Length, LongestLine)].IndexOf("\r\n"u8);
        if (end < 0)
        {
            return arrived.Length < LongestLine;
        }

        var words = Encoding.ASCII.GetString(arrived[Line.Length..end]).Split(' ');
        if (words[0] == "UNKNOWN")
        {
            header = new ProxyHeader(end + 2, null);
            return true;
        }

        var family = words[0] switch
        {
            "TCP4" => AddressFamily.InterNetwork,
            "TCP6" => AddressFamily.InterNetworkV6,
            _ => AddressFamily.Unspecified,
        };
        if (
            words.Length != 5
            || Address(words[1], family) is not { } client
            || Address(words[2], family) is null
            || Port(words[3]) is not { } port
            || Port(words[4]) is null
        )
        {
            return false;
        }

        header = new ProxyHeader(end + 2, new IPEndPoint(client, port));
        return true;
    }

    /// <summary>Only the usual form: what others read as another address is none.</summary>
    private static IPAddress? Address(string text, AddressFamily family) =>
        IPAddress.TryParse(text, out var address)
        && address.AddressFamily == family
        && (family == AddressFamily.InterNetwork ? address.ToString() == text : text.IndexOfAny(['%', '[']) < 0)
            ? address
            : null;

    private static int? Port(string text) =>
        text.Length is > 0 and <= 5
        && (text[0] != '0' || text.Length == 1)
        && Utf8Parser.TryParse(Encoding.ASCII.GetBytes(text), out uint port, out var read)
        && read == text.Length
        && port <= ushort.MaxValue
            ? (int)port
            : null;

    private static IPEndPoint EndPoint(ReadOnlySpan<byte> address, ReadOnlySpan<byte> ports) =>
        new(new IPAddress(address), BinaryPrimitives.ReadUInt16BigEndian(ports));
}
