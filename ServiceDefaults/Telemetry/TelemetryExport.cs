using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Resources;

namespace ServiceDefaults.Telemetry;

/// <summary>
/// Traces, metrics and logs by OTLP, when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> says where to. Protocol, headers,
/// sampling and resource attributes follow OpenTelemetry's own environment variables. Without an endpoint nothing
/// listens, and the instruments cost next to nothing.
/// </summary>
internal static class TelemetryExport
{
    public const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string ServiceName = "OTEL_SERVICE_NAME";

    public static bool IsOn(IHostApplicationBuilder builder) =>
        !string.IsNullOrWhiteSpace(builder.Configuration[Endpoint]);

    public static void Add(IHostApplicationBuilder builder)
    {
        if (!IsOn(builder))
        {
            return;
        }

        var resource = Resource(builder);
        builder.Logging.AddOpenTelemetry(logs =>
        {
            logs.IncludeFormattedMessage = true;
            logs.IncludeScopes = true;
            logs.SetResourceBuilder(resource);
            logs.AddOtlpExporter();
        });
        builder.Services.AddSingleton<IHostedService>(_ => new TelemetryProviders(resource, builder.Configuration));
    }

    private static ResourceBuilder Resource(IHostApplicationBuilder builder)
    {
        // CreateDefault reads OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES.
        var resource = ResourceBuilder.CreateDefault();
        return string.IsNullOrEmpty(builder.Configuration[ServiceName])
            ? resource.AddService(builder.Environment.ApplicationName)
            : resource;
    }
}
