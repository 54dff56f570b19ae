using System.Net;
using Gateway.Database;
using Gateway.Net;
using Gateway.Subscriptions;
using Gateway.Tests.Cluster;
using Gateway.Webhooks.Outbound;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Subscriptions;

/// <summary>A sending replica inside the test, over a ledger of the test's own.</summary>
internal sealed class WebhookSender : IAsyncDisposable
{
    private readonly IHost host;

    private WebhookSender(IHost host) => this.host = host;

    /// <summary>This machine and public addresses, as in development.</summary>
    public static WebhookTargets Local { get; } =
        new(
            AddressPolicy.PublicOnly(Enumerable.Range(1, ushort.MaxValue), IPNetwork.Parse("127.0.0.0/8")),
            allowHttp: true
        );

    public SenderBook Book => host.Services.GetRequiredService<SenderBook>();

    public static async Task<WebhookSender> StartAsync(
        TestLedger ledger,
        OutboundOptions? options = null,
        WebhookTargets? targets = null
    )
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(TestKeys.Master);
        builder.Services.AddKeyedSingleton(LedgerRole.Worker, ledger.Worker);
        builder.Services.AddSingleton(options ?? new OutboundOptions());
        builder.Services.AddSingleton(targets ?? Local);
        builder.Services.AddSending();
        var sender = new WebhookSender(builder.Build());
        await sender.host.StartAsync();
        return sender;
    }

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        host.Dispose();
    }
}
