using Microsoft.Extensions.DependencyInjection;

namespace ServiceDefaults.Health;

/// <summary>How to look whether a dependency is there: returns if it is, throws if it is not.</summary>
internal sealed record DependencyCheck(string Name, Func<IServiceProvider, CancellationToken, Task> LookAsync)
{
    /// <summary>The client this is about: the check is left out of hosts that did not register it.</summary>
    public Type? Client { get; init; }

    public bool Applies(IServiceProviderIsService services) => Client is null || services.IsService(Client);
}
