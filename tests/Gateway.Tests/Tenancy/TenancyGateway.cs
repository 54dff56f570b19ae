using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Gateway.Secrets;
using Gateway.Tests.Cluster;
using Gateway.Tests.Running;
using Gateway.Tests.Telemetry;

namespace Gateway.Tests.Tenancy;

/// <summary>The tests of one collection share one gateway with an operator.</summary>
[CollectionDefinition(Name)]
public sealed class TenancyCollection : ICollectionFixture<TenancyGateway>
{
    public const string Name = "tenancy";
}

/// <summary>Two APIs and a worker, and the operator's token.</summary>
public sealed class TenancyGateway(TestCluster cluster) : IAsyncLifetime
{
    private readonly string token = Guid.NewGuid().ToString("N") + Guid.NewGuid().ToString("N");
    private TestFolder? folder;
    private TestCollector? collector;
    private RunningGateway? gateway;

    internal TestCollector Collector => collector!;

    internal string Token => token;

    internal RunningGateway Running => gateway!;

    internal TestLedger Ledger => gateway!.Ledger;

    public async ValueTask InitializeAsync()
    {
        folder = await TestFolder.CreateAsync();
        var file = Path.Combine(folder.Path, "operator.token");
        PrivateFile.Write(file, token + "\n");
        collector = await TestCollector.StartAsync();
        gateway = await RunningGateway.StartAsync(
            cluster,
            apis: 2,
            settings: new Dictionary<string, string?>(collector.Settings) { ["Gateway__OperatorTokenFile"] = file }
        );
    }

    public async ValueTask DisposeAsync()
    {
        if (gateway is not null)
        {
            await gateway.DisposeAsync();
        }

        if (collector is not null)
        {
            await collector.DisposeAsync();
        }

        if (folder is not null)
        {
            await folder.DisposeAsync();
        }
    }

    /// <summary>The operator, at the first replica.</summary>
    internal HttpClient Operator() => Client(token);

    internal HttpClient Client(TestTenant tenant, int replica = 0) => Client(tenant.Key.Text, replica);

    internal HttpClient Client(string bearer, int replica = 0)
    {
        var client = new HttpClient { BaseAddress = Running.Apis.ElementAt(replica).Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        return client;
    }
}

/// <summary>An answer as JSON with its status.</summary>
internal sealed record Heard(int Status, JsonNode Body)
{
    public string? this[string name] => Body[name]?.ToString();

    public IReadOnlyList<JsonNode> Items => [.. Body["items"]!.AsArray().Select(n => n!)];

    public override string ToString() => $"{Status} {Body.ToJsonString()}";
}

internal static class Asking
{
    public static Task<Heard> GetJsonAsync(this HttpClient client, string path) =>
        client.AskAsync(HttpMethod.Get, path, null);

    public static Task<Heard> PostJsonAsync(this HttpClient client, string path, object? body) =>
        client.AskAsync(HttpMethod.Post, path, body);

    public static async Task<Heard> AskAsync(this HttpClient client, HttpMethod method, string path, object? body)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = body is string text
                ? new StringContent(text, System.Text.Encoding.UTF8, "application/json")
                : JsonContent.Create(body);
        }

        using var answer = await client.SendAsync(request);
        var content = await answer.Content.ReadAsStringAsync();
        var json = content.Length == 0 ? new JsonObject() : JsonNode.Parse(content)!;
        if ((int)answer.StatusCode >= 400)
        {
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
            Assert.NotNull(json["code"]);
        }

        return new Heard((int)answer.StatusCode, json);
    }

    /// <summary>A status that was not expected shows the whole answer.</summary>
    public static async Task<Heard> Expect(this Task<Heard> asking, int status, string? code = null)
    {
        var heard = await asking;
        Assert.True(heard.Status == status && (code is null || heard["code"] == code), $"{status} {code}: {heard}");
        return heard;
    }

    public static Task<Heard> SendAsync(this HttpClient client, string from, string stream = "transactional") =>
        client.PostJsonAsync("/v1/messages", Mail(from, stream));

    public static object Mail(string from, string stream = "transactional", string to = "ann@example.net") =>
        new
        {
            from,
            to = new[] { to },
            subject = "hello",
            text = "hello",
            stream,
        };
}
