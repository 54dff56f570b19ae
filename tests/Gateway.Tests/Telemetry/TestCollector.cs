using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Telemetry;

/// <summary>Takes OTLP over HTTP and keeps all that comes, byte for byte.</summary>
internal sealed class TestCollector : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<(string Path, byte[] Body)> requests = new();

    private TestCollector(WebApplication app) => this.app = app;

    /// <summary>Settings of a host that sends here, soon.</summary>
    public Dictionary<string, string?> Settings =>
        new()
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = app.Urls.Single(),
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
            ["OTEL_BLRP_SCHEDULE_DELAY"] = "100",
        };

    public IEnumerable<CollectedSpan> Spans => Of("/v1/traces").SelectMany(b => Otlp.Spans(b));

    public IEnumerable<CollectedMetric> Metrics => Of("/v1/metrics").SelectMany(b => Otlp.Metrics(b));

    public IEnumerable<CollectedLog> Logs => Of("/v1/logs").SelectMany(b => Otlp.Logs(b));

    /// <summary>Everything that came, for those who look for what must not have.</summary>
    public IEnumerable<(string Path, byte[] Body)> Requests => requests;

    public static async Task<TestCollector> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(o => o.Listen(IPAddress.Loopback, 0));
        var server = builder.Build();
        var collector = new TestCollector(server);
        server.MapPost("/v1/{kind}", collector.TakeAsync);
        await server.StartAsync();
        return collector;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task TakeAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        requests.Enqueue((http.Request.Path, body.ToArray()));
        // An empty Export…ServiceResponse is a message of no bytes.
        http.Response.ContentType = "application/x-protobuf";
    }

    private IEnumerable<ReadOnlyMemory<byte>> Of(string path) =>
        requests.Where(r => r.Path == path).Select(r => new ReadOnlyMemory<byte>(r.Body));
}
