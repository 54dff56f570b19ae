using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Gateway.Api.Auth;
using Gateway.Api.Events;
using Gateway.Api.Messages;
using Gateway.Api.Problems;
using Gateway.Api.Reading;
using Gateway.Api.Sandbox;
using Gateway.Database;
using Gateway.Ledger;
using Gateway.Tests.Cluster;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Reading;

/// <summary>The reading endpoints on a socket of their own, over a ledger of the test's own.</summary>
internal sealed class ReadingHost : IAsyncDisposable
{
    private readonly WebApplication app;

    private ReadingHost(TestLedger ledger, WebApplication app)
    {
        (Ledger, this.app) = (ledger, app);
        Mail = new LedgerMail(ledger);
    }

    public TestLedger Ledger { get; }

    public LedgerMail Mail { get; }

    public static async Task<ReadingHost> StartAsync(TestCluster cluster)
    {
        var ledger = await TestLedger.CreateAsync(cluster);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(TestKeys.Ring);
        builder.Services.AddKeyedSingleton(LedgerRole.Door, ledger.Door);
        builder.Services.AddKeys();
        builder.Services.AddSingleton(p => new WakeUp(ledger.Door, p.GetRequiredService<ILogger<WakeUp>>()));
        builder.Services.AddReading();
        var host = builder.Build();
        host.UseMiddleware<ProblemMiddleware>();
        host.MapMessageReading();
        host.MapEvents();
        host.MapSandbox();
        await host.StartAsync();
        return new ReadingHost(ledger, host);
    }

    public HttpClient Client(TestTenant tenant)
    {
        var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", tenant.Key.Text);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        await Mail.DisposeAsync();
        await app.DisposeAsync();
        await Ledger.DisposeAsync();
    }
}

internal static class Answers
{
    public static async Task<JsonNode> JsonAsync(this HttpClient client, string path, int status = 200)
    {
        using var answer = await client.GetAsync(path);
        return await answer.JsonAsync(status);
    }

    public static async Task<JsonNode> PostAsync(this HttpClient client, string path, int status = 200)
    {
        using var answer = await client.PostAsync(path, content: null);
        return await answer.JsonAsync(status);
    }

    private static async Task<JsonNode> JsonAsync(this HttpResponseMessage answer, int status)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(status == (int)answer.StatusCode, $"{(int)answer.StatusCode}: {text}");
        return JsonNode.Parse(text)!;
    }

    public static string Text(this JsonNode? node, string name) => node![name]!.GetValue<string>();

    public static Guid Id(this JsonNode? node, string name = "id") => node![name]!.GetValue<Guid>();

    public static IReadOnlyList<JsonNode> Items(this JsonNode? node, string name = "items") =>
        [.. node![name]!.AsArray().Select(n => n!)];
}
