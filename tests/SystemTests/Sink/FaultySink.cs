using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace SystemTests.Sink;

/// <summary>An SMTP server that keeps a log of what it took, and breaks in the way it is told to.</summary>
internal sealed class FaultySink : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentDictionary<Task, byte> sessions = new();
    private readonly Task accepting;

    public FaultySink(string name, SinkLog log)
    {
        (Name, Log) = (name, log);
        listener.Start(512);
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        accepting = AcceptAsync();
    }

    public string Name { get; }

    public SinkLog Log { get; }

    public int Port { get; }

    /// <summary>Offered to clients that want it; its handshake always fails.</summary>
    public bool OffersTls { get; init; }

    /// <summary>What three of four messages meet from now on.</summary>
    public SinkFault Fault { get; set; }

    /// <summary>The fault that a message meets, if any.</summary>
    public SinkFault Draw()
    {
        var fault = Fault;
        return fault != SinkFault.None && Random.Shared.Next(4) > 0 ? fault : SinkFault.None;
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Dispose();
        await accepting;
        await Task.WhenAll(sessions.Keys);
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await listener.AcceptSocketAsync(stop.Token);
                socket.NoDelay = true;
                var session = PlayAsync(socket);
                sessions[session] = 0;
                _ = session.ContinueWith(ended => sessions.TryRemove(ended, out _), TaskScheduler.Default);
            }
        }
        catch (Exception end) when (end is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The sink is going away.
        }
    }

    private async Task PlayAsync(Socket socket)
    {
        using var session = new SinkSession(this, socket);
        try
        {
            await session.RunAsync(stop.Token);
        }
        catch (Exception end)
            when (end is OperationCanceledException or IOException or ObjectDisposedException or SocketException)
        {
            // The other side went, or this session was told to reset.
        }
    }
}
