using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Benchmarks.Sink;

/// <summary>A relay that takes everything, at the least cost: it finds ends of lines and ends of messages, no more.</summary>
internal sealed class SmtpSink
{
    private static readonly byte[] Hello =
    [
        .. "250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 50000000\r\n"u8,
    ];

    private readonly Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private long taken;

    public SmtpSink()
    {
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(512);
    }

    public int Port => ((IPEndPoint)listener.LocalEndPoint!).Port;

    /// <summary>Messages answered with 250.</summary>
    public long Taken => Interlocked.Read(ref taken);

    /// <summary>When each message was answered, by the number in its recipient; filled while <see cref="Keeps"/>.</summary>
    public ConcurrentQueue<(long Number, long At)> Log { get; } = new();

    public bool Keeps { get; set; }

    public async Task RunAsync()
    {
        while (true)
        {
            var client = await listener.AcceptAsync();
            client.NoDelay = true;
            _ = Task.Run(() => new Session(this, client).RunAsync());
        }
    }

    private sealed class Session(SmtpSink sink, Socket socket)
    {
        private readonly byte[] input = new byte[256 * 1024];
        private readonly byte[] output = new byte[16 * 1024];
        private int replied;
        private bool inContent;
        private long number;

        public async Task RunAsync()
        {
            using (socket)
            {
                try
                {
                    await socket.SendAsync("220 sink.example ESMTP\r\n"u8.ToArray());
                    for (var held = 0; ; )
                    {
                        var got = await socket.ReceiveAsync(input.AsMemory(held));
                        if (got == 0)
                        {
                            return;
                        }

                        held = Take(held + got);
                        if (replied > 0)
                        {
                            await socket.SendAsync(output.AsMemory(0, replied));
                            replied = 0;
                        }
                    }
                }
                catch (SocketException)
                {
                    // The client went away, as clients do.
                }
            }
        }

        /// <summary>Answers all that is complete, moves the rest to the front, and returns how much that is.</summary>
        private int Take(int length)
        {
            var rest = input.AsSpan(0, length);
            while (inContent ? TryTakeContent(ref rest) : TryTakeLine(ref rest)) { }

            if (inContent && rest.Length > 4)
            {
                // Of content only its end matters, and that may have come in part.
                rest = rest[^4..];
            }

            rest.CopyTo(input);
            return rest.Length;
        }

        private bool TryTakeContent(ref Span<byte> rest)
        {
            var end = rest.IndexOf("\r\n.\r\n"u8);
            if (end < 0)
            {
                return false;
            }

            rest = rest[(end + 5)..];
            inContent = false;
            Reply("250 2.0.0 taken\r\n"u8);
            Interlocked.Increment(ref sink.taken);
            if (sink.Keeps)
            {
                sink.Log.Enqueue((number, Stopwatch.GetTimestamp()));
            }

            return true;
        }

        private bool TryTakeLine(ref Span<byte> rest)
        {
            var end = rest.IndexOf((byte)'\n');
            if (end < 0)
            {
                return false;
            }

            var line = rest[..end];
            rest = rest[(end + 1)..];
            switch (line.Length > 0 ? line[0] & 0xDF : 0)
            {
                case 'E':
                    Reply(Hello);
                    break;
                case 'D':
                    inContent = true;
                    Reply("354 go on\r\n"u8);
                    break;
                case 'Q':
                    Reply("221 2.0.0 bye\r\n"u8);
                    break;
                case 'R' when sink.Keeps && line.IndexOf("<r"u8) is > 0 and var at:
                    Utf8Parser.TryParse(line[(at + 2)..], out number, out _, 'x');
                    Reply("250 2.1.5 ok\r\n"u8);
                    break;
                default:
                    Reply("250 2.0.0 ok\r\n"u8);
                    break;
            }

            return true;
        }

        private void Reply(ReadOnlySpan<byte> reply)
        {
            reply.CopyTo(output.AsSpan(replied));
            replied += reply.Length;
        }
    }
}
