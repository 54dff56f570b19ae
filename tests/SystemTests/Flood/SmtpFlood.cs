using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Mail.Tests.Smtp.Peers;

namespace SystemTests.Flood;

/// <summary>
/// Bots over SMTP: each holds a socket from an address of its own, goes under TLS, and tries wrong passwords until it is
/// thrown out; new handshakes are rationed, so that what is measured is the logins and not this machine's cryptography.
/// </summary>
internal sealed class SmtpFlood(IPEndPoint door, int bots, int handshakesPerSecond) : IAsyncDisposable
{
    private static readonly string Wrong =
        "AUTH PLAIN " + Convert.ToBase64String(Encoding.ASCII.GetBytes("\0apikey\0gw_live_not-a-key"));

    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentDictionary<string, long> replies = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim handshakes = new(0);
    private readonly List<Task> running = [];

    /// <summary>Replies to AUTH by code, <c>refused</c> before TLS, and <c>cut</c> without a word.</summary>
    public IReadOnlyDictionary<string, long> Replies => replies;

    public void Start()
    {
        running.Add(Task.Run(RationAsync));
        running.AddRange(Enumerable.Range(0, bots).Select(i => Task.Run(() => BotAsync(i))));
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(running);
        stop.Dispose();
        handshakes.Dispose();
    }

    private async Task RationAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            handshakes.Release(Math.Max(1, handshakesPerSecond / 10));
            await Task.Delay(100);
        }
    }

    private async Task BotAsync(int number)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await handshakes.WaitAsync(stop.Token);
                await SessionAsync(new IPAddress([127, 90, (byte)number, 9]));
            }
            catch (OperationCanceledException)
            {
                // Patience of the client, or the end of the test.
            }
            catch (Exception end)
                when (end is IOException or SocketException or System.Security.Authentication.AuthenticationException)
            {
                Count("cut");
            }
        }
    }

    private async Task SessionAsync(IPAddress from)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Bind(new IPEndPoint(from, 0));
        await socket.ConnectAsync(door);
        await using var talk = new SmtpTalk(new NetworkStream(socket, ownsSocket: true));
        if (await talk.Hear() is not ['2', ..])
        {
            Count("refused");
            return;
        }

        await talk.Ask("EHLO bot.example");
        await talk.Ask("STARTTLS");
        await talk.Secure();
        await talk.Ask("EHLO bot.example");
        while (!stop.IsCancellationRequested)
        {
            var reply = await talk.Ask(Wrong);
            if (reply is null)
            {
                return;
            }

            Count(reply[..3]);
            if (reply.StartsWith("421", StringComparison.Ordinal))
            {
                return;
            }
        }
    }

    private void Count(string what) => replies.AddOrUpdate(what, 1, (_, n) => n + 1);
}
