using System.Net;
using Gateway.Database;
using Gateway.Providers.Ses;
using Gateway.Tests.Cluster;
using Gateway.Webhooks.Inbound;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ProviderEmulators.Events;

namespace Gateway.Tests.Inbound;

/// <summary>The providers' doors as their host runs them, on a real socket and a database of the test's own.</summary>
internal sealed class InboundHost : IAsyncDisposable
{
    private static readonly HttpClient Client = new() { Timeout = TimeSpan.FromSeconds(30) };
    private readonly WebApplication app;

    private InboundHost(WebApplication app) => this.app = app;

    public List<Uri> Visited { get; } = [];

    public Uri Address =>
        new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public IServiceProvider Services => app.Services;

    /// <param name="works">Off: requests are taken and not read.</param>
    public static async Task<InboundHost> StartAsync(TestLedger ledger, int port = 0, bool works = true)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(TestKeys.Master);
        // By a factory nobody disposes of the ledger's own sources; by an instance the host does not either.
        builder.Services.AddKeyedSingleton(LedgerRole.Accept, ledger.Accept);
        builder.Services.AddKeyedSingleton(LedgerRole.Worker, ledger.Worker);
        builder.Services.AddInbound();
        InboundHost? host = null;
        builder.Services.AddSingleton(
            new AmazonFetch(
                (url, _) =>
                {
                    host!.Visited.Add(url);
                    return Task.FromResult<byte[]?>(
                        url.AbsoluteUri == SnsWriter.CertificateUrl ? TestFormats.Sns.Certificate
                        : url.Query.Contains("ConfirmSubscription", StringComparison.Ordinal) ? "<ok/>"u8.ToArray()
                        : null
                    );
                }
            )
        );
        if (!works)
        {
            foreach (var work in builder.Services.Where(s => s.ImplementationType == typeof(InboundWork)).ToArray())
            {
                builder.Services.Remove(work);
            }
        }

        var built = builder.Build();
        host = new InboundHost(built);
        built.MapInbound();
        await built.StartAsync();
        return host;
    }

    /// <summary>A path of a kind with its door's name.</summary>
    public static async Task<string> AddPathAsync(TestLedger ledger, string path, string kind, object settings)
    {
        await ledger.ExecuteAsync(
            "INSERT INTO paths (path, provider, origin, settings) VALUES (@path, @kind, 'operator', @settings::jsonb)",
            new
            {
                path,
                kind,
                settings = System.Text.Json.JsonSerializer.Serialize(settings),
            }
        );
        var endpoint = await ledger.ScalarAsync<string>(
            "SELECT endpoint FROM path_endpoints WHERE path = @path",
            new { path }
        );
        return $"/in/{kind}/{endpoint}";
    }

    public async Task<int> PostAsync(string door, EventPost post)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Address, door))
        {
            Content = new ByteArrayContent(post.Body),
        };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", post.ContentType);
        foreach (var (name, value) in post.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await Client.SendAsync(request);
        return (int)response.StatusCode;
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }
}
