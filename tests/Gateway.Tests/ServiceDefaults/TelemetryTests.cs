using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ServiceDefaults.Telemetry;

namespace Gateway.Tests.ServiceDefaults;

public sealed class TelemetryTests
{
    [Fact]
    public async Task Nothing_is_sent_without_an_endpoint()
    {
        await using var host = await ProbeHost.StartAsync(builder =>
            builder.Configuration[TelemetryExport.Endpoint] = null
        );
        Assert.Empty(host.Get<IEnumerable<IHostedService>>().OfType<TelemetryProviders>());
    }

    [Fact]
    public async Task With_an_endpoint_something_arrives_there()
    {
        using var collector = new TcpListener(IPAddress.Loopback, 0);
        collector.Start();
        var connection = collector.AcceptSocketAsync();
        var host = await ProbeHost.StartAsync(builder =>
            builder.Configuration[TelemetryExport.Endpoint] = $"http://{collector.LocalEndpoint}"
        );
        await using (host)
        {
            Assert.Single(host.Get<IEnumerable<IHostedService>>().OfType<TelemetryProviders>());
            using var answer = await host.AskAsync("/alive");
            // Stopping flushes; the collector hangs up at once, so that this waits for no time limit.
            var stop = host.StopAsync();
            using (var socket = await connection.WaitAsync(TimeSpan.FromSeconds(30)))
            {
                collector.Stop();
            }

            await stop;
        }
    }
}
