using Gateway.Providers;

namespace Gateway.Worker.Paths;

/// <summary>One configured account at a provider, with the sends it may have on their way at once.</summary>
public sealed class EgressPath(string name, IProvider provider, int concurrency) : IAsyncDisposable
{
    public string Name { get; } = name;

    public IProvider Provider { get; } = provider;

    /// <summary>Sends on their way at once, of this worker.</summary>
    public int Concurrency { get; } = concurrency;

    /// <summary>Taken for each send.</summary>
    public SemaphoreSlim Slots { get; } = new(concurrency);

    public async ValueTask DisposeAsync()
    {
        await Provider.DisposeAsync();
        Slots.Dispose();
    }
}
