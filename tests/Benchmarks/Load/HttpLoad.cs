using System.Buffers.Text;
using System.Diagnostics;
using System.Net.Sockets;
using Gateway.Benchmarks.Running;

namespace Gateway.Benchmarks.Load;

/// <summary>
/// Clients on kept-alive connections, each with one request on its way. As cheap as it can be: prepared bytes out, and of
/// the answer only its status and its end are looked at.
/// </summary>
internal sealed class HttpLoad(Uri api, BenchTenant tenant)
{
    /// <summary>Texts of one connection: no two requests of one moment are alike, so that no body is stored for two.</summary>
    private const int TextsEach = 24;

    private const int MostAnswerBytes = 16 * 1024;
    private static long last = DateTime.UtcNow.Ticks;

    public int Connections { get; init; } = 64;

    public int TextBytes { get; init; } = 4 * 1024;

    public string Stream { get; init; } = "transactional";

    /// <summary>Whether each request has a key of its own, under which it could be asked again.</summary>
    public bool IsIdempotent { get; init; } = true;

    /// <summary>Asked before each request; waits while the answer is no.</summary>
    public Func<bool> May { get; init; } = () => true;

    /// <summary>Between the end of one request and the next of a connection.</summary>
    public TimeSpan Pause { get; init; }

    /// <summary>When each message of this load was asked for, by the number that is in its recipient; null: not kept.</summary>
    public System.Collections.Concurrent.ConcurrentDictionary<long, long>? Began { get; init; }

    /// <summary>Messages accepted so far.</summary>
    public long Accepted => Interlocked.Read(ref accepted);

    private long accepted;

    /// <summary>How long each 202 took.</summary>
    /// <exception cref="InvalidOperationException">Another answer came.</exception>
    public async Task<IReadOnlyList<TimeSpan>> RunAsync(Func<bool> goesOn)
    {
        var clients = Enumerable.Range(0, Connections).Select(n => ClientAsync(n, goesOn)).ToArray();
        var took = await Task.WhenAll(clients);
        return [.. took.SelectMany(t => t)];
    }

    private async Task<List<TimeSpan>> ClientAsync(int seed, Func<bool> goesOn)
    {
        var random = new Random(seed);
        var requests = Enumerable
            .Range(0, TextsEach)
            .Select(_ => new PreparedRequest(tenant, random, TextBytes, Stream, IsIdempotent))
            .ToArray();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
        };
        await socket.ConnectAsync(api.Host, api.Port);
        var answer = new byte[MostAnswerBytes];
        var took = new List<TimeSpan>(4096);
        for (var turn = 0; goesOn(); turn++)
        {
            if (!May())
            {
                await Task.Delay(2);
                continue;
            }

            var number = Interlocked.Increment(ref last);
            var began = Stopwatch.GetTimestamp();
            Began?.TryAdd(number, began);
            await socket.SendAsync(requests[turn % TextsEach].WithNumber(number));
            await ReadAsync(socket, answer);
            took.Add(Stopwatch.GetElapsedTime(began));
            Interlocked.Increment(ref accepted);
            if (Pause > TimeSpan.Zero)
            {
                await Task.Delay(Pause);
            }
        }

        return took;
    }

    private static async Task ReadAsync(Socket socket, byte[] answer)
    {
        for (int length = 0, whole = -1; whole < 0 || length < whole; )
        {
            var got = await socket.ReceiveAsync(answer.AsMemory(length));
            length += got;
            whole = whole < 0 ? Whole(answer.AsSpan(0, length)) : whole;
            if (got == 0 || (whole > 0 && !answer.AsSpan(0, length).StartsWith("HTTP/1.1 202"u8)))
            {
                throw new InvalidOperationException(
                    $"a request was not accepted: {System.Text.Encoding.UTF8.GetString(answer, 0, length)}"
                );
            }
        }
    }

    /// <summary>Bytes of the whole answer, or -1 while its head is not there.</summary>
    private static int Whole(ReadOnlySpan<byte> answer)
    {
        var end = answer.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return -1;
        }

        var at = answer[..end].IndexOf("Content-Length: "u8);
        if (at >= 0)
        {
            Utf8Parser.TryParse(answer[(at + 16)..], out int length, out _);
            return end + 4 + length;
        }

        // In chunks: the last one is empty.
        return answer.EndsWith("\r\n0\r\n\r\n"u8) ? answer.Length : -1;
    }
}
