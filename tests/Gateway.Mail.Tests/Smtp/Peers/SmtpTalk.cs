using System.Net.Security;
using System.Text;

namespace Gateway.Mail.Tests.Smtp.Peers;

/// <summary>A client that says exactly what a test wants, and nothing by itself.</summary>
internal sealed class SmtpTalk(Stream stream) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly List<byte> held = [];
    private readonly byte[] buffer = new byte[16 * 1024];
    private Stream stream = stream;

    public Task Say(string line) => Send(Encoding.UTF8.GetBytes(line + "\r\n"));

    public async Task Send(ReadOnlyMemory<byte> bytes) => await stream.WriteAsync(bytes);

    /// <summary>Says that nothing more will be said.</summary>
    public void Finish() =>
        ((System.Net.Sockets.NetworkStream)stream).Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);

    /// <summary>The same under TLS, where the end has a record of its own.</summary>
    public Task FinishSecured() => ((SslStream)stream).ShutdownAsync();

    /// <summary>A whole reply, lines joined by <c>\n</c>; null at the connection's end.</summary>
    public async Task<string?> Hear()
    {
        var reply = new StringBuilder();
        while (await Line() is { } line)
        {
            reply.Append(reply.Length > 0 ? "\n" : "").Append(line);
            if (line.Length < 4 || line[3] != '-')
            {
                return reply.ToString();
            }
        }

        return null;
    }

    /// <summary>One command, one reply.</summary>
    public async Task<string?> Ask(string line)
    {
        await Say(line);
        return await Hear();
    }

    /// <summary>All replies until the other side closes.</summary>
    public async Task<List<string>> HearAll()
    {
        var all = new List<string>();
        try
        {
            while (await Hear() is { } reply)
            {
                all.Add(reply);
            }
        }
        catch (IOException) { } // a reset is an end, too

        return all;
    }

    public async Task Secure()
    {
        var secured = new SslStream(stream);
        using var limit = new CancellationTokenSource(Patience);
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
        };
        await secured.AuthenticateAsClientAsync(options, limit.Token);
        stream = secured;
    }

    public ValueTask DisposeAsync() => stream.DisposeAsync();

    private async Task<string?> Line()
    {
        while (true)
        {
            var end = held.IndexOf((byte)'\n');
            if (end >= 0)
            {
                var line = Encoding.UTF8.GetString([.. held[..end]]);
                held.RemoveRange(0, end + 1);
                return line.TrimEnd('\r');
            }

            using var limit = new CancellationTokenSource(Patience);
            var got = await stream.ReadAsync(buffer, limit.Token);
            if (got == 0)
            {
                return null;
            }

            held.AddRange(buffer.AsSpan(0, got));
        }
    }
}
