using Gateway.Providers;
using Gateway.Worker.Throttling;

namespace Gateway.Worker.Paths;

/// <summary>One configured account at a provider, with the sends it may have on their way at once.</summary>
public sealed class EgressPath(string name, IProvider provider, int concurrency, PathWitness witness) : IAsyncDisposable
{
    /// <summary>Deliveries of one worker that send over a path or wait for it: at most half of its places (D7).</summary>
    public const int MostAboard = 128;

    private readonly SemaphoreSlim sending = new(concurrency);
    private int aboard;

    public string Name { get; } = name;

    public IProvider Provider { get; } = provider;

    /// <summary>Null without bound.</summary>
    public PathRate? Rate { get; init; }

    /// <summary>Takes a place, or says that a slow path has enough of the worker already.</summary>
    public bool TryBoard()
    {
        if (Interlocked.Increment(ref aboard) <= MostAboard)
        {
            return true;
        }

        Interlocked.Decrement(ref aboard);
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref aboard);

    /// <summary>Waits for one of the path's connections.</summary>
    public Task EnterAsync(CancellationToken cancel) => sending.WaitAsync(cancel);

    public Task<SendResult> SendAsync(OutboundMail mail) => witness.SendAsync(this, mail);

    public void Exit() => sending.Release();

    public async ValueTask DisposeAsync()
    {
        await Provider.DisposeAsync();
        sending.Dispose();
    }
}
