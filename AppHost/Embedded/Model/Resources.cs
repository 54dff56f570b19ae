using AppHost.Embedded.Running;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A part of the system, by name.</summary>
internal interface IResource
{
    string Name { get; }
}

internal interface IResourceWithConnectionString : IResource
{
    /// <summary>Null while the resource does not run.</summary>
    ValueTask<string?> GetConnectionStringAsync(CancellationToken cancellationToken = default);
}

/// <summary>What the model says of a part, and where the embedded run of it stands.</summary>
internal abstract class Resource(string name) : IResource
{
    public string Name => name;

    public List<ResourceWait> Waits { get; } = [];

    public ResourceProgress Progress { get; } = new();

    /// <summary>Starts it; returns when it is healthy, or has done its work.</summary>
    public abstract Task StartAsync(RunContext context, CancellationToken cancel);

    public abstract Task StopAsync();
}

/// <summary>What must have happened to another resource first: an exit code if it must have ended with it.</summary>
internal sealed record ResourceWait(Resource Resource, int? ExitCode);

/// <summary>As far as the model goes, one address of a project: on loopback.</summary>
internal sealed class EndpointReference(string name, int wanted, string scheme = "http", string? env = null)
{
    public const string Http = "http";

    public string Name => name;

    public string Scheme => scheme;

    /// <summary>The variable that tells the project its port; ASP.NET has its own for http.</summary>
    public string? PortVariable => env;

    public bool IsAllocated => Port > 0;

    public int Port { get; private set; }

    public string Host => "127.0.0.1";

    public string Url => IsAllocated ? $"{scheme}://{Host}:{Port}" : throw new InvalidOperationException(name);

    public void Allocate(Func<int, int> choose) => Port = choose(wanted);
}
