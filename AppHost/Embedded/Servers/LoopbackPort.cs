using System.Net;
using System.Net.Sockets;

namespace AppHost.Embedded.Servers;

/// <summary>Picks loopback ports.</summary>
public static class LoopbackPort
{
    // Below the kernel's range for outgoing connections (32768 up), so that no client socket takes the port between
    // our look and the server's bind.
    private const int First = 20_000;
    private const int Last = 32_000;

    /// <summary>The wanted port if it is free; else, and for 0, some free one.</summary>
    public static int Choose(int wanted = 0)
    {
        if (wanted > 0 && IsFree(wanted))
        {
            return wanted;
        }

        while (true)
        {
            var port = Random.Shared.Next(First, Last);
            if (IsFree(port))
            {
                return port;
            }
        }
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            socket.Listen(1);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
