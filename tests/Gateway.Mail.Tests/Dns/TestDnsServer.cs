using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Mail.Tests.Dns;

/// <summary>A server on real sockets, UDP and TCP at one port of loopback, that answers whatever the test wants.</summary>
internal sealed class TestDnsServer : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly Func<DnsAsk, IEnumerable<byte[]>> answer;
    private readonly Socket udp;
    private readonly TcpListener tcp;
    private readonly Task running;

    private TestDnsServer(Socket udp, TcpListener tcp, Func<DnsAsk, IEnumerable<byte[]>> answer)
    {
        (this.udp, this.tcp, this.answer) = (udp, tcp, answer);
        running = Task.WhenAll(ServeUdpAsync(), ServeTcpAsync());
    }

    public IPEndPoint Address => (IPEndPoint)udp.LocalEndPoint!;

    public ConcurrentQueue<DnsAsk> Asked { get; } = new();

    /// <summary>Each packet returned is sent to who asked, in order; none is silence.</summary>
    public static TestDnsServer Start(Func<DnsAsk, IEnumerable<byte[]>> answer)
    {
        while (true)
        {
            var datagrams = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            datagrams.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            var listener = new TcpListener((IPEndPoint)datagrams.LocalEndPoint!);
            try
            {
                listener.Start();
                return new TestDnsServer(datagrams, listener, answer);
            }
            catch (SocketException)
            {
                datagrams.Dispose(); // that number is another's in TCP
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        tcp.Stop();
        udp.Dispose();
        await running;
        stop.Dispose();
    }

    private async Task ServeUdpAsync()
    {
        var buffer = new byte[4_096];
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var got = await udp.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), stop.Token);
                var ask = new DnsAsk(buffer[..got.ReceivedBytes], OverTcp: false, (IPEndPoint)got.RemoteEndPoint);
                Asked.Enqueue(ask);
                foreach (var packet in answer(ask))
                {
                    await udp.SendToAsync(packet, ask.From, stop.Token);
                }
            }
            catch (Exception end) when (end is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                // The asker is gone, or we are.
            }
        }
    }

    private async Task ServeTcpAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                using var client = await tcp.AcceptTcpClientAsync(stop.Token);
                await ServeAsync(client);
            }
            catch (Exception end)
                when (end is OperationCanceledException or ObjectDisposedException or SocketException or IOException)
            {
                // As above.
            }
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        var stream = client.GetStream();
        var length = new byte[2];
        await stream.ReadExactlyAsync(length, stop.Token);
        var packet = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
        await stream.ReadExactlyAsync(packet, stop.Token);
        var ask = new DnsAsk(packet, OverTcp: true, (IPEndPoint)client.Client.RemoteEndPoint!);
        Asked.Enqueue(ask);
        foreach (var reply in answer(ask))
        {
            await stream.WriteAsync((byte[])[.. DnsPackets.Number((ushort)reply.Length), .. reply], stop.Token);
        }
    }
}
