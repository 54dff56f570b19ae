using System.Globalization;
using AppHost.Embedded.Processes;
using AppHost.Embedded.Running;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A host of this solution, built together with the AppHost, run by the same .NET.</summary>
internal sealed class ProjectResource(string name, string projectPath) : Resource(name)
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);

    private ChildProcess? process;

    public List<string> Arguments { get; } = [];

    public Dictionary<string, Func<CancellationToken, ValueTask<string?>>> Environment { get; } = [];

    public Dictionary<string, EndpointReference> Endpoints { get; } = [];

    public string? HealthPath { get; set; }

    /// <summary>Set by whoever waits for its end: then it is no service, and healthy when it ended well.</summary>
    public bool RunsToCompletion { get; set; }

    public override async Task StartAsync(RunContext context, CancellationToken cancel)
    {
        var command = new ChildCommand(Name, DotNet.Muxer, [DotNet.Assembly(projectPath), .. Arguments])
        {
            WorkingFolder = Path.GetDirectoryName(projectPath)!,
            Environment = await EnvironmentAsync(cancel),
            OnParentDeath = Signal.Kill,
            Output = context.Log(Name),
        };
        process = await ChildProcess.StartAsync(command, context.Run);
        if (RunsToCompletion)
        {
            await CompleteAsync(process, cancel);
            return;
        }

        Progress.Watch(process.Exited);
        if (HealthPath is { } path && OverHttp().FirstOrDefault() is { } endpoint)
        {
            var probe = new HealthProbe(new Uri(endpoint.Url + path), context.Log(Name));
            await probe.UntilHealthyAsync(process.Exited, cancel);
            probe.Follow(process.Exited, cancel);
        }
    }

    public override async Task StopAsync()
    {
        if (process is not null)
        {
            await process.StopAsync((Signal.Terminate, StopLimit));
            await process.DisposeAsync();
        }
    }

    private IEnumerable<EndpointReference> OverHttp() =>
        Endpoints.Values.Where(e => e.Scheme == EndpointReference.Http);

    private async Task CompleteAsync(ChildProcess running, CancellationToken cancel)
    {
        var code = await running.Exited.WaitAsync(cancel);
        Progress.Complete(code);
    }

    private async Task<Dictionary<string, string?>> EnvironmentAsync(CancellationToken cancel)
    {
        // What the shell says about *its* ASP.NET must not reach hosts whose addresses we choose.
        var values = new Dictionary<string, string?>
        {
            ["ASPNETCORE_URLS"] = null,
            ["ASPNETCORE_HTTP_PORTS"] = null,
            ["OTEL_SERVICE_NAME"] = Name,
        };
        if (OverHttp().ToArray() is { Length: > 0 } http)
        {
            values["ASPNETCORE_URLS"] = string.Join(';', http.Select(e => e.Url));
        }

        foreach (var endpoint in Endpoints.Values.Where(e => e.PortVariable is not null))
        {
            values[endpoint.PortVariable!] = endpoint.Port.ToString(CultureInfo.InvariantCulture);
        }

        foreach (var (key, value) in Environment)
        {
            values[key] = await value(cancel);
        }

        return values;
    }
}
