using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Mail.Tests.Smtp.Peers;

/// <summary>One message as it came: the content is the wire's own bytes before the final dot, dots still doubled.</summary>
internal sealed record ReceivedMail(string From, IReadOnlyList<string> Recipients, byte[] Content);

/// <summary>
/// A server that plays a script on a real socket and writes down all it hears. For tests of whoever sends mail.
/// </summary>
internal sealed class SmtpScriptServer : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentDictionary<string, int> counts = new(StringComparer.Ordinal);
    private readonly ConcurrentBag<Task> sessions = [];
    private readonly Task accepting;

    public SmtpScriptServer(SmtpScript? script = null)
    {
        Script = script ?? new SmtpScript();
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        accepting = Accept();
    }

    public SmtpScript Script { get; set; }

    public int Port { get; }

    /// <summary>Messages that ended with a dot, in order.</summary>
    public ConcurrentQueue<ReceivedMail> Mails { get; } = new();

    /// <summary>Command lines, without content, in order over all connections.</summary>
    public ConcurrentQueue<string> Commands { get; } = new();

    public int Connections => counts.GetValueOrDefault("connect");

    internal int Count(string step) => counts.AddOrUpdate(step, 1, (_, n) => n + 1);

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
                sessions.Add(Play(socket));
            }
        }
        catch (Exception end) when (end is OperationCanceledException or ObjectDisposedException or SocketException) { }
    }

    private async Task Play(Socket socket)
    {
        using var session = new SmtpScriptSession(this, socket);
        try
        {
            await session.Run(stop.Token);
        }
        catch (Exception end)
            when (end
                    is OperationCanceledException
                        or IOException
                        or ObjectDisposedException
                        or SocketException
                        or System.Security.Authentication.AuthenticationException
            ) { }
    }
}
