using System.Text;

namespace Gateway.Tests.Doors;

/// <summary>
/// A25: requests that two servers could take for different ones (RFC 9112 §2.2, §6, §7, §11.2). Behind each stands a second
/// request that is good by itself: one answer, the connection closed, nothing stored.
/// </summary>
[Collection(DoorCollection.Name)]
public sealed class A25_FramingTests(DoorGateway gateway)
{
    private const string Chunked = "Transfer-Encoding: chunked";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>The fields that frame the body, and those beside them.</summary>
    public static TheoryData<string> Fields() =>
        [
            $"{Chunked}\r\nContent-Length: 5",
            $"Content-Length: 5\r\n{Chunked}",
            $"Content-Length: 0\r\n{Chunked}",
            "Transfer-Encoding: chunked, identity",
            "Transfer-Encoding: chunked, gzip",
            "Transfer-Encoding: xchunked",
            "Transfer-Encoding: \"chunked\"",
            "Transfer-Encoding: \vchunked",
            "Transfer-Encoding : chunked",
            "Transfer-Encoding\t: chunked",
            $" {Chunked}",
            $"X-Folded: a\r\n {Chunked}",
            $"{Chunked}\r\nTransfer-Encoding: identity",
            $"{Chunked}\0",
            $"X-Bare: a\n{Chunked}",
            $"X-Bare: a\r{Chunked}",
            "Content-Length: 5\r\nContent-Length: 6",
            "Content-Length: 5, 6",
            "Content-Length: -5",
            "Content-Length: 0x5",
            "Content-Length: 5 5",
            "Content-Length: 5\r\nContent-Length : 0",
            "Content-Length: 99999999999999999999",
            "Content-Length: ",
            $"{Chunked}\r\nX Space: a",
            $"{Chunked}\r\nX-NoColon",
            $"{Chunked}\r\n: no-name",
            $"{Chunked}\r\nX-\0: a",
            $"{Chunked}\r\nX-Nul: a\0b",
            $"{Chunked}\r\nHost: other.example",
        ];

    /// <summary>Chunks, where <c>{}</c> stands for a good body and its length.</summary>
    public static TheoryData<string> Chunks() =>
        [
            "{n};a\nb\r\n{}\r\n0\r\n\r\n",
            "{n};\n\r\n{}\r\n0\r\n\r\n",
            "{n}\n{}\r\n0\r\n\r\n",
            "{n}\r{}\r\n0\r\n\r\n",
            "0x{n}\r\n{}\r\n0\r\n\r\n",
            "+{n}\r\n{}\r\n0\r\n\r\n",
            "-{n}\r\n{}\r\n0\r\n\r\n",
            "{n} 1\r\n{}\r\n0\r\n\r\n",
            "g\r\n{}\r\n0\r\n\r\n",
            "\r\n{n}\r\n{}\r\n0\r\n\r\n",
            "{n}\r\n{}XX0\r\n\r\n",
            "{n}\r\n{}0\r\n\r\n",
            "fffffffffffffffff\r\n{}\r\n0\r\n\r\n",
            "{n}\r\n{}\r\n0\r\nX-Bare: a\nX: b\r\n\r\n",
        ];

    public static TheoryData<string> RequestLines() =>
        [
            "POST  /v1/messages HTTP/1.1",
            "POST\t/v1/messages\tHTTP/1.1",
            "POST /v1/messages HTTP/1.9",
            "POST /v1/messages HTTP/2.0",
            "POST /v1/messages http/1.1",
            "POST /v1/messages",
            "P\0ST /v1/messages HTTP/1.1",
            "POST /v1/mess\0ages HTTP/1.1",
            "POST http://other.example/v1/messages HTTP/1.1",
        ];

    [Theory]
    [MemberData(nameof(Fields))]
    public Task A25_A_body_framed_in_doubt_is_refused_and_nothing_behind_it_is_read(string fields) =>
        RefusedAsync("POST /v1/messages HTTP/1.1", fields, "{n}\r\n{}\r\n0\r\n\r\n");

    [Theory]
    [MemberData(nameof(Chunks))]
    public Task A25_Chunks_in_doubt_are_refused_and_nothing_behind_them_is_read(string chunks) =>
        RefusedAsync("POST /v1/messages HTTP/1.1", Chunked, chunks);

    [Theory]
    [MemberData(nameof(RequestLines))]
    public Task A25_A_request_line_in_doubt_is_refused_and_nothing_behind_it_is_read(string line) =>
        RefusedAsync(line, Chunked, "{n}\r\n{}\r\n0\r\n\r\n");

    private async Task RefusedAsync(string line, string fields, string body)
    {
        var before = await gateway.RowsAsync(gateway.Tenant);
        var good = DoorCases.GoodMessage(gateway.Tenant.Domain).ToJsonString();
        var length = Encoding.Latin1.GetByteCount(good);
        var always =
            $"Host: localhost\r\nAuthorization: Bearer {gateway.Tenant.Key.Text}\r\nContent-Type: application/json\r\n";
        var chunks = body.Replace("{n}", $"{length:x}", StringComparison.Ordinal)
            .Replace("{}", good, StringComparison.Ordinal);
        var behind = $"POST /v1/messages HTTP/1.1\r\n{always}Content-Length: {length}\r\n\r\n{good}";

        await using var socket = await HttpSocket.ConnectAsync(gateway);
        await socket.WriteAsync($"{line}\r\n{always}{fields}\r\n\r\n{chunks}{behind}");
        var text = await socket.ReadToEndAsync(Patience);

        Assert.Matches("^HTTP/1.1 (400|411|413|501|505) ", text);
        Assert.Single(text.Split("HTTP/1.1 ", StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(before, await gateway.RowsAsync(gateway.Tenant));
    }
}
