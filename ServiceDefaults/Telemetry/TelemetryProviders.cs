using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace ServiceDefaults.Telemetry;

/// <summary>
/// The tracer and meter providers, alive as long as the host. .NET and Npgsql emit these sources and meters by
/// themselves, so that no instrumentation package stands between.
/// </summary>
internal sealed class TelemetryProviders(ResourceBuilder resource, IConfiguration configuration) : IHostedService
{
    private static readonly string[] Sources = ["Microsoft.AspNetCore", "System.Net.Http", "Npgsql", "Gateway"];

    private static readonly string[] Meters =
    [
        "System.Runtime",
        "Microsoft.AspNetCore.Hosting",
        "Microsoft.AspNetCore.Server.Kestrel",
        "System.Net.Http",
        "Npgsql",
        "Gateway",
    ];

    private TracerProvider? tracer;
    private MeterProvider? meter;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        tracer = Sdk.CreateTracerProviderBuilder()
            // Endpoint, protocol, headers and sampling are looked up here: the host's configuration has the environment.
            .ConfigureServices(services => services.AddSingleton(configuration))
            .SetResourceBuilder(resource)
            .AddSource(Sources)
            .AddProcessor(new LonelyCalls())
            .AddOtlpExporter()
            .Build();
        meter = Sdk.CreateMeterProviderBuilder()
            .ConfigureServices(services => services.AddSingleton(configuration))
            .SetResourceBuilder(resource)
            .AddMeter(Meters)
            .AddOtlpExporter()
            .Build();
        return Task.CompletedTask;
    }

    // Disposing flushes what is still buffered, each for at most 5 s.
    public Task StopAsync(CancellationToken cancellationToken) =>
        Task.Run(
            () =>
            {
                tracer?.Dispose();
                meter?.Dispose();
            },
            cancellationToken
        );
}
