using System.Reflection;
using AppHost.Embedded.Running;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

/// <summary>The running system, in the shape of Aspire's class of this name: an ordinary .NET host.</summary>
internal sealed class DistributedApplication(IHost host) : IHost, IAsyncDisposable
{
    /// <summary>The folder of the AppHost's project, noted at build under the name that Aspire uses.</summary>
    public static string ProjectFolder { get; } =
        typeof(DistributedApplication)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .First(a => a.Key == "apphostprojectpath")
            .Value!;

    public IServiceProvider Services => host.Services;

    public ResourceNotificationService ResourceNotifications =>
        host.Services.GetRequiredService<ResourceNotificationService>();

    public static IDistributedApplicationBuilder CreateBuilder(string[] args) => new EmbeddedBuilder(args);

    public Task StartAsync(CancellationToken cancellationToken = default) => host.StartAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken = default) => host.StopAsync(cancellationToken);

    public void Dispose() => host.Dispose();

    public ValueTask DisposeAsync()
    {
        host.Dispose();
        return ValueTask.CompletedTask;
    }
}
