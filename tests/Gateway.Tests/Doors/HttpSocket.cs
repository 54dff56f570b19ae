using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Gateway.Tests.Cluster;

namespace Gateway.Tests.Doors;

/// <summary>A client that speaks HTTP by hand, so that it can stop in the middle.</summary>
internal sealed class HttpSocket : IAsyncDisposable
{
    private readonly TcpClient client;
    private readonly NetworkStream stream;

    private HttpSocket(TcpClient client) => (this.client, stream) = (client, client.GetStream());

    public static async Task<HttpSocket> ConnectAsync(DoorGateway gateway)
    {
        var address = gateway.Http.BaseAddress!;
        var connected = new TcpClient();
        await connected.ConnectAsync(address.Host, address.Port);
        return new HttpSocket(connected);
    }

    /// <summary>A header section for the JSON door with these fields besides.</summary>
    public static string Head(TestTenant tenant, string path, string type, params IEnumerable<string> fields) =>
        string.Join(
            "\r\n",
            [
                $"POST {path} HTTP/1.1",
                "Host: localhost",
                $"Authorization: Bearer {tenant.Key.Text}",
                $"Content-Type: {type}",
                .. fields,
                "\r\n",
            ]
        );

    public async Task WriteAsync(string text) => await stream.WriteAsync(Encoding.Latin1.GetBytes(text));

    public void EndWriting() => client.Client.Shutdown(SocketShutdown.Send);

    /// <summary>Everything until the server closes; what it sent before a reset counts too.</summary>
    public async Task<string> ReadToEndAsync(TimeSpan within)
    {
        using var deadline = new CancellationTokenSource(within);
        var text = new StringBuilder();
        var buffer = new byte[8_192];
        try
        {
            while (await stream.ReadAsync(buffer, deadline.Token) is > 0 and var read)
            {
                text.Append(Encoding.Latin1.GetString(buffer, 0, read));
            }
        }
        catch (IOException)
        {
            // Reset: the server would not read on.
        }

        return text.ToString();
    }

    /// <summary>The first answer, and the problem in it.</summary>
    public async Task<DoorAnswer> AnswerAsync(TimeSpan within)
    {
        var text = await ReadToEndAsync(within);
        Assert.StartsWith("HTTP/1.1 ", text, StringComparison.Ordinal);
        var status = int.Parse(text.AsSpan(9, 3));
        var (open, close) = (text.IndexOf('{', StringComparison.Ordinal), text.LastIndexOf('}'));
        Assert.True(open > 0, text);
        return new DoorAnswer(status, JsonDocument.Parse(text[open..(close + 1)]).RootElement.Clone());
    }

    public ValueTask DisposeAsync()
    {
        client.Dispose();
        return ValueTask.CompletedTask;
    }
}
