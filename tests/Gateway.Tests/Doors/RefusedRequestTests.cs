using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gateway.Tests.Doors;

/// <summary>Requests that are wrong around their body: type, coding, length, header.</summary>
[Collection(DoorCollection.Name)]
public sealed class RefusedRequestTests(DoorGateway gateway)
{
    private const int Mebibyte = 1 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static TheoryData<Door, string?> WrongTypes() =>
        new MatrixTheoryData<Door, string?>(
            Enum.GetValues<Door>(),
            [
                null,
                "text/plain",
                "application/x-www-form-urlencoded",
                "multipart/form-data; boundary=x",
                "application/jsonp",
            ]
        );

    [Theory]
    [MemberData(nameof(WrongTypes))]
    public async Task Another_content_type_is_415(Door door, string? type)
    {
        var before = await gateway.RowsAsync(gateway.Tenant);
        using var request = DoorRequests.Request(door, Good());
        request.Content!.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        var answer = await gateway.AnswerAsync(request, gateway.Tenant);
        Assert.Equal((415, "media_type", "Content-Type"), (answer.Status, answer.Code, answer.Field));
        Assert.Contains(
            door == Door.Raw ? "message/rfc822" : "application/json",
            answer.Accepted,
            StringComparison.Ordinal
        );
        Assert.Equal(before, await gateway.RowsAsync(gateway.Tenant));
    }

    [Theory]
    [InlineData(Door.Json, "gzip")]
    [InlineData(Door.BatchItem, "br")]
    [InlineData(Door.Raw, "deflate")]
    public async Task A_coded_body_is_not_unpacked(Door door, string coding)
    {
        using var request = DoorRequests.Request(door, Good());
        request.Content!.Headers.ContentEncoding.Add(coding);
        var answer = await gateway.AnswerAsync(request, gateway.Tenant);
        Assert.Equal((400, "content_encoding", "Content-Encoding"), (answer.Status, answer.Code, answer.Field));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("256")]
    public async Task A_bad_idempotency_key_is_refused(string key)
    {
        using var request = DoorRequests.Request(Door.Json, Good());
        request.Headers.TryAddWithoutValidation("Idempotency-Key", key == "256" ? new string('k', 256) : key);
        var answer = await gateway.AnswerAsync(request, gateway.Tenant);
        Assert.True(answer.Status is 400 or 422, answer.ToString());
    }

    [Theory]
    [InlineData(Door.Json)]
    [InlineData(Door.BatchItem)]
    public async Task Attachments_of_more_than_25_MiB_are_refused(Door door)
    {
        var message = DoorCases.GoodMessage(gateway.Tenant.Domain);
        var half = Convert.ToBase64String(new byte[(25 * Mebibyte / 2) + 1]);
        message["attachments"] = new JsonArray(
            new JsonObject { ["filename"] = "a", ["content"] = half },
            new JsonObject { ["filename"] = "b", ["content"] = half }
        );
        var answer = await gateway.RefusedAsync(door, JsonSerializer.SerializeToUtf8Bytes(message));
        Assert.Equal((422, "too_large", "attachments"), (answer.Status, answer.Code, answer.Field));
        Assert.Contains("26214400", answer.Accepted, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/messages", "application/json")]
    [InlineData("/v1/messages/batch", "application/json")]
    [InlineData("/v1/messages/raw", "message/rfc822")]
    public async Task A_request_that_announces_more_than_36_MiB_is_refused_unread(string path, string type)
    {
        var before = await gateway.RowsAsync(gateway.Tenant);
        await using var socket = await HttpSocket.ConnectAsync(gateway);
        await socket.WriteAsync(HttpSocket.Head(gateway.Tenant, path, type, $"Content-Length: {(36 * Mebibyte) + 1}"));
        var answer = await socket.AnswerAsync(Patience);
        Assert.Equal((413, "too_large"), (answer.Status, answer.Code));
        Assert.Equal(before, await gateway.RowsAsync(gateway.Tenant));
    }

    [Fact]
    public async Task A_chunked_request_of_more_than_36_MiB_is_cut_off()
    {
        var before = await gateway.RowsAsync(gateway.Tenant);
        await using var socket = await HttpSocket.ConnectAsync(gateway);
        var head = HttpSocket.Head(gateway.Tenant, "/v1/messages", "application/json", "Transfer-Encoding: chunked");
        await socket.WriteAsync(head);
        var reading = socket.AnswerAsync(Patience);
        var chunk = $"{Mebibyte:x}\r\n{new string(' ', Mebibyte)}\r\n";
        try
        {
            for (var sent = 0; sent < 40 && !reading.IsCompleted; sent++)
            {
                await socket.WriteAsync(chunk);
            }
        }
        catch (IOException)
        {
            // The server does not read to the end.
        }

        var answer = await reading;
        Assert.Equal((413, "too_large"), (answer.Status, answer.Code));
        Assert.Equal(before, await gateway.RowsAsync(gateway.Tenant));
    }

    [Theory]
    [InlineData("/v1/messages", "application/json", "Content-Length: 10000")]
    [InlineData("/v1/messages/batch", "application/json", "Content-Length: 10000")]
    [InlineData("/v1/messages/raw", "message/rfc822", "Content-Length: 10000")]
    [InlineData("/v1/messages", "application/json", "Transfer-Encoding: chunked")]
    public async Task A_body_that_ends_early_is_refused(string path, string type, string framing)
    {
        var before = await gateway.RowsAsync(gateway.Tenant);
        await using var socket = await HttpSocket.ConnectAsync(gateway);
        var body = Encoding.UTF8.GetString(Good());
        var chunk = framing.EndsWith("chunked", StringComparison.Ordinal) ? $"{body.Length:x}\r\n{body}\r\n" : body;
        await socket.WriteAsync(HttpSocket.Head(gateway.Tenant, path, type, framing) + chunk);
        socket.EndWriting();
        var text = await socket.ReadToEndAsync(Patience);
        Assert.True(text.Length == 0 || text.StartsWith("HTTP/1.1 400", StringComparison.Ordinal), text);
        Assert.True(text.Length == 0 || text.Contains("body_truncated", StringComparison.Ordinal), text);
        Assert.Equal(before, await gateway.RowsAsync(gateway.Tenant));
    }

    [Theory]
    [InlineData("Content-Length: 5\r\nContent-Length: 6")]
    [InlineData("Content-Length: 5\r\nTransfer-Encoding: chunked")]
    [InlineData("Content-Length: -1")]
    [InlineData("Transfer-Encoding: gzip, chunked")]
    [InlineData("Content-Length : 5")]
    public async Task A_body_framed_in_two_ways_is_refused(string framing)
    {
        var before = await gateway.RowsAsync(gateway.Tenant);
        await using var socket = await HttpSocket.ConnectAsync(gateway);
        var head = HttpSocket.Head(gateway.Tenant, "/v1/messages", "application/json", "Connection: close", framing);
        await socket.WriteAsync(head + "5\r\n{}   \r\n0\r\n\r\n");
        var text = await socket.ReadToEndAsync(Patience);
        Assert.Matches("^HTTP/1.1 4", text);
        Assert.DoesNotContain("HTTP/1.1 2", text, StringComparison.Ordinal);
        Assert.Equal(before, await gateway.RowsAsync(gateway.Tenant));
    }

    [Theory]
    [InlineData("GET", "/v1/nothing", 404, "not_found")]
    [InlineData("POST", "/v1/messages/nothing/else", 404, "not_found")]
    [InlineData("DELETE", "/v1/messages", 405, "method")]
    public async Task What_does_not_exist_is_a_problem_too(string method, string path, int status, string code)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        var answer = await gateway.AnswerAsync(request, gateway.Tenant);
        Assert.Equal((status, code), (answer.Status, answer.Code));
    }

    private byte[] Good() => Encoding.UTF8.GetBytes(DoorCases.GoodMessage(gateway.Tenant.Domain).ToJsonString());
}
