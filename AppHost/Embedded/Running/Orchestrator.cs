using System.Diagnostics;
using AppHost.Embedded.Servers;
using Microsoft.Extensions.Hosting;

namespace AppHost.Embedded.Running;

/// <summary>
/// Starts each resource when what it waits for is there, shows what becomes of it, and stops all in order: the
/// services, then Redis, then PostgreSQL.
/// </summary>
internal sealed class Orchestrator(List<Resource> resources, HashSet<Resource> wanted, RunContext context)
    : IHostedService,
        IDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly Action<string> say = context.Log("gateway");
    private Task all = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var taken = new HashSet<int>();
        foreach (var endpoint in resources.OfType<ProjectResource>().Where(wanted.Contains).SelectMany(Endpoints))
        {
            endpoint.Allocate(port => Choose(port, taken));
        }

        all = Task.WhenAll(resources.Select(RunAsync));
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await stopping.CancelAsync();
        await all;
        var services = resources.OfType<ProjectResource>().ToList();
        await Task.WhenAll(services.Select(StopAsync));
        foreach (var server in resources.Except(services).Reverse())
        {
            await StopAsync(server);
        }

        say("everything is stopped");
    }

    public void Dispose() => stopping.Dispose();

    private static IEnumerable<EndpointReference> Endpoints(ProjectResource project) => project.Endpoints.Values;

    private static int Choose(int wantedPort, HashSet<int> taken)
    {
        var port = LoopbackPort.Choose(taken.Contains(wantedPort) ? 0 : wantedPort);
        while (!taken.Add(port))
        {
            port = LoopbackPort.Choose();
        }

        return port;
    }

    // The one place that decides what a failure to start means for others.
    private async Task RunAsync(Resource resource)
    {
        if (!wanted.Contains(resource))
        {
            resource.Progress.MarkHealthy();
            resource.Progress.Complete(0);
            return;
        }

        try
        {
            foreach (var wait in resource.Waits)
            {
                await WaitAsync(wait);
            }

            var clock = Stopwatch.StartNew();
            await resource.StartAsync(context, stopping.Token);
            Show(resource, clock.Elapsed);
            resource.Progress.MarkHealthy();
            _ = TellEndAsync(resource);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            resource.Progress.Fail(new OperationCanceledException("the gateway stops", stopping.Token));
        }
        catch (DependencyException error)
        {
            resource.Progress.Fail(error.InnerException!);
        }
        catch (Exception error)
        {
            say($"{resource.Name} did not start: {error.Message}");
            resource.Progress.Fail(Reason(resource, error));
        }
    }

    private async Task WaitAsync(ResourceWait wait)
    {
        var other = wait.Resource;
        try
        {
            await other.Progress.Healthy.WaitAsync(stopping.Token);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            throw new DependencyException(error);
        }

        if (wait.ExitCode is { } expected && await other.Progress.Ended.WaitAsync(stopping.Token) is var code)
        {
            if (code != expected)
            {
                var reason = $"{other.Name} ended with exit code {code}: what waits for it is not started";
                say(reason);
                throw new DependencyException(new SetupException(reason));
            }
        }
    }

    // Without its servers the system is nothing; a service that fails is shown while the others run on.
    private static Exception Reason(Resource resource, Exception error) =>
        resource is ProjectResource && error is not SetupException
            ? new DistributedApplicationException($"{resource.Name} did not start: {error.Message}")
            : new SetupException($"{resource.Name} did not start: {error.Message}", error);

    private void Show(Resource resource, TimeSpan took)
    {
        var what = resource switch
        {
            ProjectResource { RunsToCompletion: true } => $"ended with exit code {resource.Progress.Ended.Result}",
            ProjectResource { Endpoints.Count: > 0 } p => $"is healthy at {p.Endpoints.Values.First().Url}",
            _ => "is healthy",
        };
        say($"{resource.Name} {what} ({took.TotalSeconds:0.0} s)");
    }

    private async Task TellEndAsync(Resource resource)
    {
        if (resource is ProjectResource { RunsToCompletion: true })
        {
            return;
        }

        var code = await resource.Progress.Ended;
        if (!stopping.IsCancellationRequested)
        {
            say($"{resource.Name} ended with exit code {code}; it is not restarted");
        }
    }

    private async Task StopAsync(Resource resource)
    {
        try
        {
            await resource.StopAsync();
        }
        catch (Exception error)
        {
            // The others must be stopped all the same.
            say($"{resource.Name} did not stop in order: {error.Message}");
        }
    }

    /// <summary>What this resource waits for failed, which was said already; inside is the first reason.</summary>
    private sealed class DependencyException(Exception reason) : Exception(reason.Message, reason);
}
