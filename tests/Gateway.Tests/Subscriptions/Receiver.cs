using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Subscriptions;

/// <summary>One request as an endpoint got it.</summary>
internal sealed record Call(string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body, DateTimeOffset At)
{
    public string Id => Headers["webhook-id"];

    public JsonElement Json => JsonElement.Parse(Body);

    public string Type => Json.GetProperty("type").GetString()!;
}

/// <summary>A tenant's own server: it keeps every request and answers as the test says, 200 unless told else.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<Call> calls = new();

    private Receiver(WebApplication app) => this.app = app;

    public Func<Call, HttpContext, Task> Answer { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Off where there are too many for memory.</summary>
    public bool Keeps { get; set; } = true;

    public IReadOnlyList<Call> Calls => [.. calls];

    public IReadOnlyList<Call> CallsAt(string path) => [.. calls.Where(c => c.Path == path)];

    public int Port => new Uri(app.Urls.Single()).Port;

    public string Url(string path = "/hook") => app.Urls.Single() + path;

    /// <summary>Always this status.</summary>
    public void Always(int status, string? header = null, string? value = null) =>
        Answer = (_, http) =>
        {
            http.Response.StatusCode = status;
            if (header is not null)
            {
                http.Response.Headers[header] = value;
            }

            return Task.CompletedTask;
        };

    public static async Task<Receiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(o => o.Listen(IPAddress.Loopback, 0));
        var server = builder.Build();
        var receiver = new Receiver(server);
        server.Run(receiver.TakeAsync);
        await server.StartAsync();
        return receiver;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task TakeAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var headers = http.Request.Headers.ToDictionary(
            h => h.Key,
            h => h.Value.ToString(),
            StringComparer.OrdinalIgnoreCase
        );
        var call = new Call(http.Request.Path, headers, body.ToArray(), DateTimeOffset.UtcNow);
        if (Keeps)
        {
            calls.Enqueue(call);
        }

        await Answer(call, http);
    }
}
