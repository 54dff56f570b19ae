using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Gateway.Tests.Cluster;

namespace Gateway.Tests.Doors;

/// <summary>The ways in for one message.</summary>
public enum Door
{
    Json,
    BatchItem,
    Raw,
}

/// <summary>What a caller hears: the status and, where it is one, the problem; of a batch that of its one item.</summary>
internal sealed record DoorAnswer(int Status, JsonElement Body)
{
    private static readonly JsonElement Nothing = JsonDocument.Parse("{}").RootElement.Clone();

    public string? Code => Text("code");
    public string? Field => Text("field");
    public string? Value => Text("value");
    public string? Accepted => Text("accepted");
    public string? Detail => Text("detail");
    public Guid Id => Body.GetProperty("id").GetGuid();

    public static async Task<DoorAnswer> ReadAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        var body = text.Length == 0 ? Nothing : JsonDocument.Parse(text).RootElement.Clone();
        if ((int)answer.StatusCode >= 400)
        {
            Assert.True(
                answer.Content.Headers.ContentType?.MediaType == "application/problem+json",
                $"{answer.RequestMessage?.RequestUri}: {(int)answer.StatusCode} {answer.Content.Headers.ContentType} {text}"
            );
        }

        return new DoorAnswer((int)answer.StatusCode, body);
    }

    /// <summary>The answer to one item of a batch, or that to the batch where it was not even read.</summary>
    public DoorAnswer Item(int index)
    {
        if (Status != 200)
        {
            return this;
        }

        var item = Body.GetProperty("items")[index];
        var status = item.GetProperty("status").GetInt32();
        return new DoorAnswer(status, item.GetProperty(status == 202 ? "message" : "problem"));
    }

    public override string ToString() => $"{Status} {Body}";

    private string? Text(string name) =>
        Body.ValueKind == JsonValueKind.Object
        && Body.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}

internal static class DoorRequests
{
    /// <summary>Sends one message through the door: JSON for the JSON doors, RFC 5322 for the raw one.</summary>
    public static async Task<DoorAnswer> SendAsync(
        this DoorGateway gateway,
        Door door,
        TestTenant tenant,
        ReadOnlyMemory<byte> message,
        string query = "",
        string? idempotencyKey = null
    )
    {
        using var request = Request(door, message, query);
        if (idempotencyKey is not null)
        {
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        }

        var read = await gateway.AnswerAsync(request, tenant);
        return door == Door.BatchItem ? read.Item(0) : read;
    }

    /// <summary>The answer to the request with the tenant's key.</summary>
    public static async Task<DoorAnswer> AnswerAsync(
        this DoorGateway gateway,
        HttpRequestMessage request,
        TestTenant tenant
    )
    {
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", tenant.Key.Text);
        using var answer = await gateway.Http.SendAsync(request);
        return await DoorAnswer.ReadAsync(answer);
    }

    public static Task<DoorAnswer> SendAsync(
        this DoorGateway gateway,
        Door door,
        TestTenant tenant,
        string message,
        string query = "",
        string? idempotencyKey = null
    ) => gateway.SendAsync(door, tenant, Encoding.UTF8.GetBytes(message), query, idempotencyKey);

    public static HttpRequestMessage Request(Door door, ReadOnlyMemory<byte> message, string query = "")
    {
        var (path, type, body) = door switch
        {
            Door.Json => ("/v1/messages", "application/json", message),
            Door.BatchItem => ("/v1/messages/batch", "application/json", Batch(message)),
            _ => ("/v1/messages/raw", "message/rfc822", message),
        };
        var content = new ReadOnlyMemoryContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return new HttpRequestMessage(HttpMethod.Post, path + query) { Content = content };
    }

    /// <summary>Sends what must be refused: nothing of it may be found in the ledger, nor its idempotency key.</summary>
    public static async Task<DoorAnswer> RefusedAsync(
        this DoorGateway gateway,
        Door door,
        ReadOnlyMemory<byte> message,
        string query = ""
    )
    {
        var before = await gateway.RowsAsync(gateway.Tenant);
        var answer = await gateway.SendAsync(door, gateway.Tenant, message, query, $"key-{Guid.NewGuid():N}");
        Assert.True(answer.Status is >= 400 and < 500, $"must be refused, was {answer}");
        Assert.Equal(before, await gateway.RowsAsync(gateway.Tenant));
        return answer;
    }

    private static byte[] Batch(ReadOnlyMemory<byte> item) => [.. "{\"messages\":["u8, .. item.Span, .. "]}"u8];
}
