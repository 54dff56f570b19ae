using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Gateway.Mail.Smtp;

namespace Gateway.Mail.Tests.Smtp.Peers;

/// <summary>Our server session behind a real listening socket.</summary>
internal sealed class SessionHost : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentBag<Task> sessions = [];
    private readonly SmtpServerOptions options;
    private readonly Task accepting;

    public SessionHost(SmtpServerOptions? options = null, SmtpServerPolicy? policy = null)
    {
        this.options = options ?? Open;
        Policy = policy ?? new RecordingPolicy();
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        accepting = Accept();
    }

    /// <summary>No login needed; what the tests of content use.</summary>
    public static SmtpServerOptions Open { get; } =
        new()
        {
            Name = "door.example",
            RequireAuth = false,
            AllowPlaintextAuth = true,
            Linger = TimeSpan.FromMilliseconds(50),
        };

    public static SmtpServerOptions Secured { get; } =
        new()
        {
            Name = "door.example",
            Linger = TimeSpan.FromMilliseconds(50),
            StartTls = PipeTls.Server(new SslServerAuthenticationOptions { ServerCertificate = TestCertificate.Value }),
        };

    public SmtpServerPolicy Policy { get; }

    public RecordingPolicy Record => (RecordingPolicy)Policy;

    public int Port { get; }

    public Task Stop() => stop.CancelAsync();

    /// <summary>A raw connection to it.</summary>
    public async Task<SmtpTalk> Talk()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, Port);
        return new SmtpTalk(new NetworkStream(socket, ownsSocket: true));
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await accepting;
        listener.Dispose();
        await Task.WhenAll(sessions);
        stop.Dispose();
    }

    private async Task Accept()
    {
        try
        {
            while (true)
            {
                var socket = await listener.AcceptSocketAsync(stop.Token);
                socket.NoDelay = true;
                var pipe = PipeTls.Over(new NetworkStream(socket, ownsSocket: true));
                sessions.Add(new SmtpServerSession(pipe, options, Policy, socket.RemoteEndPoint).RunAsync(stop.Token));
            }
        }
        catch (Exception end) when (end is OperationCanceledException or ObjectDisposedException or SocketException) { }
    }
}
