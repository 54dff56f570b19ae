using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ProviderEmulators.Faults;

namespace ProviderEmulators.Http;

/// <summary>What an emulated API answers.</summary>
internal sealed record ApiAnswer(int Status, string Body = "", string ContentType = "application/json")
{
    public Dictionary<string, string> Headers { get; init; } = [];

    /// <summary>Done once the answer is due, also where a fault keeps the answer back but takes the mail.</summary>
    public Action? Commit { get; init; }
}

/// <summary>A real HTTP server (1.1 and 2) on the loopback whose connections and answers fail as told.</summary>
internal sealed class EmulatedApi : IAsyncDisposable
{
    /// <summary>Above what any provider takes, so that each says its own 413.</summary>
    private const long MaxBody = 80_000_000;

    private readonly WebApplication app;

    private EmulatedApi(WebApplication app) => this.app = app;

    public Uri Address =>
        new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public static async Task<EmulatedApi> StartAsync(
        EmulatorPorts ports,
        FaultSwitch faults,
        Func<ApiRequest, ApiAnswer> answer
    )
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = MaxBody;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Listen(
                IPAddress.Loopback,
                ports.Http,
                listen =>
                {
                    listen.Protocols = ports.Http2 ? HttpProtocols.Http1AndHttp2 : HttpProtocols.Http1;
                    ConnectionFaults.Use(listen, faults);
                    if (ports.Tls)
                    {
                        listen.UseHttps(EmulatorCertificate.Value);
                    }
                }
            );
        });
        var built = builder.Build();
        built.Run(context => ServeAsync(context, faults, answer));
        await built.StartAsync();
        return new EmulatedApi(built);
    }

    public async ValueTask DisposeAsync()
    {
        // Requests that hang on purpose shall not hold the stop.
        using var now = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
    }

    private static async Task ServeAsync(HttpContext context, FaultSwitch faults, Func<ApiRequest, ApiAnswer> answer)
    {
        if (faults.Take(FaultStep.Request) is { } early && await EndsAsync(context, early))
        {
            return;
        }

        if (faults.Take(FaultStep.Body) is { } mid)
        {
            var begun = await context.Request.Body.ReadAtLeastAsync(new byte[16], 16, false, context.RequestAborted);
            if (begun > 0 && await EndsAsync(context, mid))
            {
                return;
            }
        }

        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var said = answer(new ApiRequest(context.Request, body.ToArray()));
        if (faults.Take(FaultStep.Answer) is { } late)
        {
            if (late.Take)
            {
                said.Commit?.Invoke();
            }

            if (await EndsAsync(context, late))
            {
                return;
            }
        }

        said.Commit?.Invoke();
        var cut = faults.Take(FaultStep.MidAnswer);
        await WriteAsync(context, said, cut is null ? int.MaxValue : said.Body.Length / 2);
        if (cut is not null)
        {
            await EndsAsync(context, cut);
        }
    }

    /// <summary>Does what the fault wants; false where the exchange goes on.</summary>
    private static async Task<bool> EndsAsync(HttpContext context, Fault fault)
    {
        await Task.Delay(fault.DelayMs, context.RequestAborted);
        switch (fault.Do)
        {
            case FaultAct.Slow:
                return false;
            case FaultAct.Reply:
                var headers = fault.Headers.ToDictionary(h => h.Key, h => Value(h.Value));
                var isJson = fault.Body is ['{', ..] or ['[', ..];
                var said = new ApiAnswer(fault.Status, fault.Body ?? "", isJson ? "application/json" : "text/html");
                await WriteAsync(context, said with { Headers = headers }, int.MaxValue);
                return true;
            case FaultAct.Hang:
                try
                {
                    await Task.Delay(Timeout.Infinite, context.RequestAborted);
                }
                catch (OperationCanceledException) { } // the client left

                return true;
            default:
                context.Abort();
                return true;
        }
    }

    private static async Task WriteAsync(HttpContext context, ApiAnswer said, int length)
    {
        context.Response.StatusCode = said.Status;
        foreach (var (name, value) in said.Headers)
        {
            context.Response.Headers[name] = value;
        }

        if (said.Body.Length == 0)
        {
            if (length < int.MaxValue)
            {
                // Cut within: the head goes out at least.
                await context.Response.StartAsync();
                await context.Response.Body.FlushAsync();
            }

            return;
        }

        context.Response.ContentType = said.ContentType;
        await context.Response.WriteAsync(said.Body[..Math.Min(length, said.Body.Length)]);
        await context.Response.Body.FlushAsync();
    }

    private static string Value(string text) =>
        text is ['+', .. var seconds]
            ? (DateTimeOffset.UtcNow.ToUnixTimeSeconds() + long.Parse(seconds)).ToString()
            : text;
}
