using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Api;
using Gateway.Api.Auth;
using Gateway.Api.Events;
using Gateway.Api.Manage.Domains;
using Gateway.Api.Problems;
using Gateway.Api.Reading;
using Gateway.Database;
using Gateway.Domains;
using Gateway.Ledger;
using Gateway.Mail.Dns;
using Gateway.Mail.Tests.Dns;
using Gateway.Tests.Cluster;
using Gateway.Worker.Domains;
using Gateway.Worker.Signing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Domains;

/// <summary>
/// The endpoints of domains on a socket of their own, the worker's look-ups beside them, and a DNS server in which the
/// test publishes what it likes.
/// </summary>
internal sealed class DomainHost : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly TestDnsServer server;

    private DomainHost(TestLedger ledger, WebApplication app, TestDnsServer server, TestZone zone, ShiftedClock clock)
    {
        (Ledger, this.app, this.server, Zone, Clock) = (ledger, app, server, zone, clock);
        Dns = app.Services.GetRequiredService<IDnsResolver>();
        Suffixes = app.Services.GetRequiredService<PublicSuffixList>();
        Checks = new DomainChecks(new DomainStore(ledger.Worker), Dns, Suffixes, clock);
        Keys = new DkimChecks(
            ledger.Worker,
            TestKeys.Master,
            new ResolvedKeys(Dns, app.Services.GetRequiredService<DomainOptions>()),
            clock,
            NullLogger<DkimChecks>.Instance
        );
        Upkeep = new DomainUpkeep(
            new DueDomains(ledger.Worker),
            Checks,
            Keys,
            clock,
            NullLogger<DomainUpkeep>.Instance
        );
    }

    public TestLedger Ledger { get; }
    public TestZone Zone { get; }
    public ShiftedClock Clock { get; }
    public IDnsResolver Dns { get; }
    public PublicSuffixList Suffixes { get; }
    public DomainChecks Checks { get; }
    public DkimChecks Keys { get; }
    public DomainUpkeep Upkeep { get; }

    public static async Task<DomainHost> StartAsync(
        TestCluster cluster,
        IReadOnlyDictionary<string, string?>? settings = null
    )
    {
        var ledger = await TestLedger.CreateAsync(cluster);
        var zone = new TestZone();
        var dns = TestDnsServer.Start(zone.Answer);
        var clock = new ShiftedClock();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(settings);
        builder.Configuration.AddInMemoryCollection(
            new Dictionary<string, string?>
            {
                ["Gateway:Dns:Servers:0"] = dns.Address.ToString(),
                ["Gateway:Domains:TrustReservedNames"] = "false",
            }
        );
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<TimeProvider>(clock);
        builder.Services.AddSingleton(TestKeys.Ring);
        builder.Services.AddSingleton(TestKeys.Master);
        builder.Services.AddKeyedSingleton(LedgerRole.Door, ledger.Door);
        builder.Services.AddKeys();
        builder.Services.AddSingleton(p => new WakeUp(ledger.Door, p.GetRequiredService<ILogger<WakeUp>>()));
        builder.Services.AddReading();
        builder.Services.AddSendingDomains(builder.Configuration, builder.Environment);
        builder.Services.ConfigureHttpJsonOptions(ApiDescription.NameFields);
        var host = builder.Build();
        host.UseMiddleware<ProblemMiddleware>();
        host.MapEvents();
        host.MapDomains();
        await host.StartAsync();
        return new DomainHost(ledger, host, dns, zone, clock);
    }

    public HttpClient Client(TestTenant tenant)
    {
        var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", tenant.Key.Text);
        return client;
    }

    /// <summary>Publishes every record of the answer, as a tenant would.</summary>
    public void Publish(JsonNode domain, string? only = null)
    {
        foreach (
            var record in domain["records"]!.AsArray().Where(r => only is null || r!["purpose"]!.ToString() == only)
        )
        {
            var (name, value) = (record!["name"]!.ToString(), record["value"]!.ToString());
            if (record["type"]!.ToString() == "TXT")
            {
                Zone.Txt(name, value);
            }
            else
            {
                Zone.Alias(name, value);
            }
        }
    }

    /// <summary>All that is due at this moment of the shifted clock.</summary>
    public async Task UpkeepAsync()
    {
        while (await Upkeep.RunOnceAsync(CancellationToken.None) > 0) { }
    }

    public Task<IReadOnlyList<string>> EventsAsync(TestTenant tenant) =>
        Ledger.QueryAsync<string>(
            "SELECT type FROM events WHERE tenant_id = @Id AND message_id IS NULL ORDER BY at, id",
            new { tenant.Id }
        );

    public async ValueTask DisposeAsync()
    {
        Upkeep.Dispose();
        await app.DisposeAsync();
        await server.DisposeAsync();
        await Ledger.DisposeAsync();
    }
}

/// <summary>The machine's time and what a test adds to it. Timers run by the machine's.</summary>
internal sealed class ShiftedClock : TimeProvider
{
    private TimeSpan shift;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + shift;

    public void Advance(TimeSpan by) => shift += by;
}

internal static class DomainRequests
{
    public static async Task<JsonNode> SendAsync(
        this HttpClient client,
        HttpMethod method,
        string path,
        int status,
        string? json = null
    )
    {
        using var request = new HttpRequestMessage(method, path);
        request.Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await client.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(status == (int)answer.StatusCode, $"{method} {path}: {(int)answer.StatusCode} {text}");
        return text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!;
    }

    public static Task<JsonNode> ClaimAsync(this HttpClient client, string domain, int status = 201) =>
        client.SendAsync(HttpMethod.Post, "/v1/domains", status, new JsonObject { ["domain"] = domain }.ToJsonString());

    public static Task<JsonNode> VerifyAsync(this HttpClient client, JsonNode domain) =>
        client.SendAsync(HttpMethod.Post, $"/v1/domains/{domain["id"]}/verify", 200);
}
