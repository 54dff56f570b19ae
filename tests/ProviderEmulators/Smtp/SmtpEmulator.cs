using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using ProviderEmulators.Faults;

namespace ProviderEmulators.Smtp;

/// <summary>A submission server on the loopback whose sessions fail as told.</summary>
internal sealed class SmtpEmulator : IAsyncDisposable
{
    private readonly TcpListener listener;
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentDictionary<Task, bool> sessions = new();
    private readonly Task accepting;

    public SmtpEmulator(EmulatorPorts ports, FaultSwitch faults, SmtpRules rules)
    {
        (Ports, Faults, Rules) = (ports, faults, rules);
        listener = new TcpListener(IPAddress.Loopback, ports.Smtp);
        listener.Start();
        accepting = AcceptAsync();
    }

    public EmulatorPorts Ports { get; }
    public FaultSwitch Faults { get; }
    public SmtpRules Rules { get; }
    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await accepting;
        listener.Dispose();
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
                var session = ServeAsync(socket);
                sessions[session] = true;
                _ = session.ContinueWith(t => sessions.TryRemove(t, out _), TaskScheduler.Default);
            }
        }
        catch (Exception end) when (end is OperationCanceledException or ObjectDisposedException or SocketException) { }
    }

    private async Task ServeAsync(Socket socket)
    {
        using var session = new SmtpEmulatedSession(this, socket);
        try
        {
            await session.RunAsync(stop.Token);
        }
        catch (Exception end)
            when (end
                    is OperationCanceledException
                        or IOException
                        or ObjectDisposedException
                        or SocketException
                        or System.Security.Authentication.AuthenticationException
            ) { } // the client left, or a fault made it
    }
}
