using AppHost.Embedded;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AppHost;

/// <summary>From the first start to the last stop: announces the system once all of it is healthy.</summary>
internal sealed class SystemRun(DistributedApplication app, GatewayFolder folder)
{
    /// <returns>The exit code: 0 after an orderly stop, 1 if the set-up failed.</returns>
    public async Task<int> UntilStoppedAsync(
        IReadOnlyList<string> healthy,
        Func<CancellationToken, Task<SystemEndpoints>> describe
    )
    {
        var stopping = app.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        await using var withdrawal = stopping.Register(() => File.Delete(folder.Endpoints));
        await app.StartAsync();
        try
        {
            await Task.WhenAll(
                healthy.Select(name => app.ResourceNotifications.WaitForResourceHealthyAsync(name, stopping))
            );
            var endpoints = await describe(stopping);
            Announcement.Write(folder.Endpoints, endpoints);
            Console.WriteLine(Announcement.Text(endpoints, folder.Endpoints));
        }
        catch (SetupException error)
        {
            await app.StopAsync();
            await Console.Error.WriteLineAsync($"\nThe gateway did not start. {error.Message}");
            return 1;
        }
        catch (DistributedApplicationException error)
        {
            await Console.Error.WriteLineAsync($"\nNot everything started: {error.Message}\nCtrl-C stops the rest.");
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Stopped while it started.
        }

        await app.WaitForShutdownAsync(CancellationToken.None);
        return 0;
    }
}
