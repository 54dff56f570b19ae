using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using SystemTests.Installed;

namespace SystemTests.History;

/// <summary>One event as a tenant's own server heard it, at first or again.</summary>
internal sealed record ToldEvent(Guid Tenant, Guid Id, Guid? Delivery, int? Sequence, string BodyHash)
{
    private int times;

    public int Times => Volatile.Read(ref times);

    public void Again() => Interlocked.Increment(ref times);
}

/// <summary>
/// The tenants' own servers, which never fail: each request is verified as the specification's libraries do, kept by
/// its event, and compared with what was said of the same event before.
/// </summary>
internal sealed class HookReceiver : IAsyncDisposable
{
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);
    private readonly WebApplication app;
    private readonly ConcurrentDictionary<Guid, byte[]> secrets = new();
    private readonly ConcurrentDictionary<(Guid Tenant, Guid Event), ToldEvent> told = new();
    private readonly ConcurrentDictionary<(Guid Delivery, int Sequence), Guid> places = new();
    private int requests;

    private HookReceiver(WebApplication app) => this.app = app;

    public int Requests => Volatile.Read(ref requests);

    public ICollection<ToldEvent> Told => told.Values;

    /// <summary>What was wrong with a request as it stood, in sentences.</summary>
    public ConcurrentQueue<string> Complaints { get; } = new();

    public bool Has(Guid tenant, Guid id) => told.ContainsKey((tenant, id));

    public bool Has(Guid delivery, int sequence) => places.ContainsKey((delivery, sequence));

    public static async Task<HookReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(o => o.Listen(IPAddress.Loopback, 0));
        var server = builder.Build();
        var receiver = new HookReceiver(server);
        server.Run(receiver.TakeAsync);
        await server.StartAsync();
        return receiver;
    }

    /// <summary>All types of events of this tenant come here from now on.</summary>
    public async Task SubscribeAsync(Installation installation, InstalledTenant tenant)
    {
        using var client = Installation.Client(installation.Apis[0], tenant);
        var url = $"{app.Urls.Single()}/{tenant.Id}";
        using var answer = await client.PostAsJsonAsync("/v1/subscriptions", new { url });
        Assert.Equal(201, (int)answer.StatusCode);
        var secret = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("secret").GetString()!;
        secrets[tenant.Id] = Convert.FromBase64String(secret["whsec_".Length..]);
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task TakeAsync(HttpContext http)
    {
        Interlocked.Increment(ref requests);
        var tenant = Guid.Parse(http.Request.Path.Value.AsSpan(1));
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        if (Keep(tenant, http.Request.Headers, body.ToArray()) is { } complaint)
        {
            Complaints.Enqueue(complaint);
        }
    }

    /// <summary>What is wrong with it; null where nothing is.</summary>
    private string? Keep(Guid tenant, IHeaderDictionary headers, byte[] body)
    {
        string id = headers["webhook-id"]!,
            timestamp = headers["webhook-timestamp"]!;
        byte[] content = [.. Encoding.ASCII.GetBytes($"{id}.{timestamp}."), .. body];
        var signed = HMACSHA256.HashData(secrets[tenant], content);
        if (!((string)headers["webhook-signature"]!).Split(' ').Contains($"v1,{Convert.ToBase64String(signed)}"))
        {
            return $"g: the signature of {id} is wrong";
        }

        var at = DateTimeOffset.FromUnixTimeSeconds(long.Parse(timestamp, CultureInfo.InvariantCulture));
        if ((DateTimeOffset.UtcNow - at).Duration() > Tolerance)
        {
            return $"g: {id} was signed at {at:u}";
        }

        var data = JsonElement.Parse(body).GetProperty("data");
        var heard = new ToldEvent(
            tenant,
            data.GetProperty("id").GetGuid(),
            data.GetProperty("delivery_id") is { ValueKind: JsonValueKind.String } delivery ? delivery.GetGuid() : null,
            data.GetProperty("sequence") is { ValueKind: JsonValueKind.Number } sequence ? sequence.GetInt32() : null,
            Convert.ToHexString(SHA256.HashData(body))
        );
        var kept = told.GetOrAdd((tenant, heard.Id), heard);
        kept.Again();
        return Guid.Parse(id) != heard.Id ? $"g: webhook-id {id} speaks of {heard.Id}"
            : kept.BodyHash != heard.BodyHash ? $"g: {id} came again with another body"
            : heard is { Delivery: { } of, Sequence: { } number } && places.GetOrAdd((of, number), heard.Id) != heard.Id
                ? $"g: delivery {of} has two events {number}"
            : null;
    }
}
