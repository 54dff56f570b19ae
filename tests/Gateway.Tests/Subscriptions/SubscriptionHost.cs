using System.Net.Http.Headers;
using Gateway.Api.Auth;
using Gateway.Api.Events;
using Gateway.Api.Problems;
using Gateway.Api.Reading;
using Gateway.Api.Subscriptions;
using Gateway.Database;
using Gateway.Ledger;
using Gateway.Subscriptions;
using Gateway.Tests.Cluster;
using Gateway.Tests.Reading;
using Gateway.Tests.Tenancy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Subscriptions;

/// <summary>The endpoints for webhooks and events on a socket of their own, over a ledger of the test's own.</summary>
internal sealed class SubscriptionHost : IAsyncDisposable
{
    private readonly WebApplication app;

    private SubscriptionHost(TestLedger ledger, WebApplication app)
    {
        (Ledger, this.app) = (ledger, app);
        Mail = new LedgerMail(ledger);
    }

    public TestLedger Ledger { get; }

    public LedgerMail Mail { get; }

    public static async Task<SubscriptionHost> StartAsync(TestCluster cluster, WebhookTargets? targets = null)
    {
        var ledger = await TestLedger.CreateAsync(cluster);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(TestKeys.Ring);
        builder.Services.AddSingleton(TestKeys.Master);
        builder.Services.AddKeyedSingleton(LedgerRole.Door, ledger.Door);
        builder.Services.AddKeys();
        builder.Services.AddSingleton(p => new WakeUp(ledger.Door, p.GetRequiredService<ILogger<WakeUp>>()));
        builder.Services.AddReading();
        builder.Services.AddSubscriptions(targets ?? WebhookSender.Local);
        var host = builder.Build();
        host.UseMiddleware<ProblemMiddleware>();
        host.MapEvents();
        host.MapSubscriptions();
        await host.StartAsync();
        return new SubscriptionHost(ledger, host);
    }

    public HttpClient Client(TestTenant tenant)
    {
        var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", tenant.Key.Text);
        return client;
    }

    /// <summary>A tenant with a subscription.</summary>
    public async Task<Subscriber> SubscribeAsync(string url, params string[] types)
    {
        var tenant = await Ledger.CreateTenantAsync();
        return await SubscribeAsync(tenant, url, types);
    }

    public async Task<Subscriber> SubscribeAsync(TestTenant tenant, string url, params string[] types)
    {
        var client = Client(tenant);
        var made = await client.PostJsonAsync("/v1/subscriptions", new { url, types }).Expect(201);
        return new Subscriber(tenant, client, Guid.Parse(made["id"]!), made["secret"]!);
    }

    public async ValueTask DisposeAsync()
    {
        await Mail.DisposeAsync();
        await app.DisposeAsync();
        await Ledger.DisposeAsync();
    }
}

/// <summary>A tenant that is told.</summary>
internal sealed record Subscriber(TestTenant Tenant, HttpClient Client, Guid Id, string Secret) : IDisposable
{
    public string Path => $"/v1/subscriptions/{Id}";

    public Task<Heard> ReadAsync() => Client.GetJsonAsync(Path).Expect(200);

    public async Task<IReadOnlyList<System.Text.Json.Nodes.JsonNode>> TriesAsync(string query = "") =>
        (await Client.GetJsonAsync($"{Path}/deliveries{query}").Expect(200)).Items;

    public Task<Heard> ChangeAsync(object change) => Client.AskAsync(HttpMethod.Patch, Path, change);

    public void Dispose() => Client.Dispose();
}
