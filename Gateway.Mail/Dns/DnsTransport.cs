using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Gateway.Mail.Dns;

/// <summary>One question to one server: by UDP, and by TCP where UDP will not do.</summary>
internal static class DnsTransport
{
    // Ports below are the system's own.
    private const int FirstPort = 1_024;
    private const int PortTries = 8;

    /// <summary>The packet that answers the question, or null where UDP cannot bring it.</summary>
    /// <exception cref="SocketException">The server's machine says that nobody is there, or our network is away.</exception>
    public static async Task<byte[]?> AskByUdpAsync(IPEndPoint server, DnsQuery query, CancellationToken cancel)
    {
        using var socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        BindSomewhere(socket);
        // A connected socket hears this server's address and port and nobody else's.
        await socket.ConnectAsync(server, cancel);
        await socket.SendAsync(query.Packet, cancel);
        var buffer = new byte[DnsLimits.UdpBuffer];
        for (var strays = 0; strays < DnsLimits.Strays; strays++)
        {
            var length = await socket.ReceiveAsync(buffer, cancel);
            switch (query.Match(buffer.AsSpan(0, length)))
            {
                case ReplyMatch.Ours:
                    return DnsHead.TryRead(buffer, out var head) && head.IsTruncated ? null : buffer[..length];
                case ReplyMatch.CaseDiffers:
                    return null;
            }
        }

        return null;
    }

    /// <summary>The packet that answers the question; null where the server answers something else.</summary>
    /// <exception cref="SocketException">The server cannot be reached by TCP.</exception>
    /// <exception cref="IOException">The connection broke, or ended early.</exception>
    public static async Task<byte[]?> AskByTcpAsync(IPEndPoint server, DnsQuery query, CancellationToken cancel)
    {
        using var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server, cancel);
        await using var stream = new NetworkStream(socket);
        // RFC 1035 §4.2.2, and in one write: RFC 7766 §8.
        var framed = new byte[2 + query.Packet.Length];
        BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)query.Packet.Length);
        query.Packet.CopyTo(framed.AsMemory(2));
        await stream.WriteAsync(framed, cancel);
        var length = new byte[2];
        await stream.ReadExactlyAsync(length, cancel);
        var reply = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
        await stream.ReadExactlyAsync(reply, cancel);
        // Nobody but the server can write here, so the letters' case is no proof that is needed.
        return query.Match(reply) == ReplyMatch.Stray ? null : reply;
    }

    /// <summary>The port is drawn by the secure generator: the system's own choice may be guessed from the one before.</summary>
    private static void BindSomewhere(Socket socket)
    {
        var any = socket.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any;
        for (var i = 0; i < PortTries; i++)
        {
            try
            {
                socket.Bind(new IPEndPoint(any, RandomNumberGenerator.GetInt32(FirstPort, 65_536)));
                return;
            }
            catch (SocketException taken)
                when (taken.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
            {
                // Another number then.
            }
        }

        socket.Bind(new IPEndPoint(any, 0));
    }
}
