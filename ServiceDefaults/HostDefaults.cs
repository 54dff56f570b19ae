using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using ServiceDefaults;
using ServiceDefaults.Health;
using ServiceDefaults.Telemetry;

namespace Microsoft.Extensions.Hosting;

/// <summary>What every host of the gateway has in common.</summary>
public static class HostDefaults
{
    /// <summary>
    /// Invariant culture, configuration read once, one-line logs, OpenTelemetry (sent only if
    /// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set), readiness and the watch over dependencies.
    /// </summary>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        ConfigurationFiles.ReadOnce(builder.Configuration);
        ConsoleLogs.Add(builder);
        builder.Services.AddHostReadiness();
        builder.Services.AddSingleton<IStartupFilter, StrictFraming>();
        TelemetryExport.Add(builder);
        return builder;
    }

    /// <summary><c>/alive</c>: the process answers. <c>/health</c>: it can take work, and what it misses.</summary>
    public static IEndpointRouteBuilder MapDefaultEndpoints(this IEndpointRouteBuilder app)
    {
        app.MapGet("/alive", () => Results.Text("alive")).DisableHttpMetrics().ExcludeFromDescription();
        app.MapGet("/health", HealthEndpoint.Answer).DisableHttpMetrics().ExcludeFromDescription();
        return app;
    }
}
