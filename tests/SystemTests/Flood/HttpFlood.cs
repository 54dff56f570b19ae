using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Secrets;
using Gateway.Tenants;

namespace SystemTests.Flood;

/// <summary>
/// Bots over HTTP: keep-alive connections from addresses of their own, each sending requests with forged keys in bundles,
/// since a bundle costs the bot no more than one. It is offered at a rate, not asked back: what is not answered counts too.
/// </summary>
internal sealed class HttpFlood(IPEndPoint door, int perSecond) : IAsyncDisposable
{
    private const int Bots = 200;
    private const int Bundle = 20;

    /// <summary>A bot that waits for so many answers sends no more, as one that is kept waiting cannot.</summary>
    private const int MostOpen = 200;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);

    /// <summary>Each flood comes from addresses of its own: what was learnt of earlier ones would slow it down.</summary>
    private static int floods;
    private readonly byte network = (byte)(100 + Interlocked.Increment(ref floods) % 100);
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentDictionary<int, long> answers = new();
    private readonly byte[] bundle = Encoding.ASCII.GetBytes(
        string.Concat(Enumerable.Range(0, Bundle).Select(_ => Forged()))
    );
    private Task running = Task.CompletedTask;
    private long offered;
    private long cut;

    public long Offered => Interlocked.Read(ref offered);

    public long Cut => Interlocked.Read(ref cut);

    /// <summary>By status.</summary>
    public IReadOnlyDictionary<int, long> Answers => answers;

    public long Answered => answers.Values.Sum();

    public void Start() => running = Task.Run(RunAsync);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running;
        stop.Dispose();
    }

    /// <summary>The form of a key, an id of its own, and a mac that is not ours.</summary>
    private static string Forged()
    {
        var key = ApiKey.Create("live", KeyRing.Generate());
        return $"GET /v1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key.Text}\r\n\r\n";
    }

    private async Task RunAsync()
    {
        var bots = new List<Bot>();
        for (var i = 0; i < Bots; i++)
        {
            bots.Add(new Bot(this, door, new IPAddress([127, network, (byte)i, 7])));
        }

        var watch = Stopwatch.StartNew();
        var (sent, next) = (0L, 0);
        while (!stop.IsCancellationRequested)
        {
            var due = (long)(watch.Elapsed.TotalSeconds * perSecond);
            for (var tries = 0; sent + Bundle <= due && tries < Bots; tries++)
            {
                if (await bots[next++ % Bots].SendAsync(bundle))
                {
                    sent += Bundle;
                    tries = 0;
                }
            }

            // What could not be sent now is not made up for later.
            sent = Math.Max(sent, due - Bundle * Bots);
            await Task.Delay(Tick);
        }

        bots.ForEach(b => b.Dispose());
    }

    private sealed class Bot(HttpFlood flood, IPEndPoint door, IPAddress from) : IDisposable
    {
        private Socket? socket;
        private int open;

        public async Task<bool> SendAsync(byte[] requests)
        {
            if (Volatile.Read(ref open) > MostOpen - Bundle)
            {
                return false;
            }

            try
            {
                if (socket is null)
                {
                    var fresh = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
                    {
                        NoDelay = true,
                    };
                    fresh.Bind(new IPEndPoint(from, 0));
                    await fresh.ConnectAsync(door);
                    (socket, open) = (fresh, 0);
                    _ = Task.Run(() => HearAsync(fresh));
                }

                Interlocked.Add(ref open, Bundle);
                await socket.SendAsync(requests);
                Interlocked.Add(ref flood.offered, Bundle);
                return true;
            }
            catch (SocketException)
            {
                Close();
                return false;
            }
        }

        public void Dispose() => socket?.Dispose();

        private void Close()
        {
            Interlocked.Increment(ref flood.cut);
            socket?.Dispose();
            socket = null;
        }

        /// <summary>Counts status lines; a status line that two reads share is looked for across them.</summary>
        private async Task HearAsync(Socket heard)
        {
            var buffer = new byte[64 * 1024];
            var kept = 0;
            try
            {
                while (true)
                {
                    var got = await heard.ReceiveAsync(buffer.AsMemory(kept));
                    if (got == 0)
                    {
                        return;
                    }

                    kept = Count(buffer, kept + got);
                }
            }
            catch (Exception end) when (end is SocketException or ObjectDisposedException) { }
        }

        private int Count(byte[] buffer, int length)
        {
            var rest = buffer.AsSpan(0, length);
            while (rest.IndexOf("HTTP/1.1 "u8) is var at and >= 0 && rest.Length >= at + 12)
            {
                var status = (rest[at + 9] - '0') * 100 + (rest[at + 10] - '0') * 10 + rest[at + 11] - '0';
                flood.answers.AddOrUpdate(status, 1, (_, n) => n + 1);
                Interlocked.Decrement(ref open);
                rest = rest[(at + 12)..];
            }

            var keep = Math.Min(rest.Length, 12);
            rest[^keep..].CopyTo(buffer);
            return keep;
        }
    }
}
