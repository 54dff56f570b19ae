using Gateway.Providers;

namespace Gateway.Worker.Paths;

/// <summary>One account at a provider, ready to send, with the sends it may have on their way at once.</summary>
public sealed class EgressPath(string name, IProvider provider, int concurrency, PathWitness witness) : IAsyncDisposable
{
    /// <summary>Deliveries of one worker that send over a path or wait for it: at most half of its places (D7).</summary>
    public const int MostAboard = 128;

    private readonly SemaphoreSlim sending = new(concurrency);
    private readonly Dictionary<string, int> toDomain = new(StringComparer.OrdinalIgnoreCase);
    private int aboard;

    public string Name { get; } = name;

    public IProvider Provider { get; } = provider;

    /// <summary>One of <see cref="ProviderRegistry.Kinds"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>Null without bound.</summary>
    public PathLimits? Limits { get; init; }

    /// <summary>Whose own account it is; null is the platform's.</summary>
    public Guid? Tenant { get; init; }

    public CanaryAddresses? Canary { get; init; }

    /// <summary>Until then the provider asked to be left alone; the path is well, its mail waits for it.</summary>
    public DateTimeOffset PausedUntil { get; set; }

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

    /// <summary>Takes one of the connections that one domain of recipients may have of this worker; false where all are taken.</summary>
    public bool TryEnterDomain(string domain)
    {
        if (Limits?.Of(domain).Concurrency is not { } most)
        {
            return true;
        }

        lock (toDomain)
        {
            var now = toDomain.GetValueOrDefault(domain);
            toDomain[domain] = now < most ? now + 1 : now;
            return now < most;
        }
    }

    public void ExitDomain(string domain)
    {
        if (Limits?.Of(domain).Concurrency is null)
        {
            return;
        }

        lock (toDomain)
        {
            // Only domains on their way are remembered.
            if (toDomain[domain] == 1)
            {
                toDomain.Remove(domain);
            }
            else
            {
                toDomain[domain]--;
            }
        }
    }

    public Task<SendResult> SendAsync(OutboundMail mail, Routing.RouteQuery query) =>
        witness.SendAsync(this, mail, query);

    public void Exit() => sending.Release();

    /// <summary>Ends the provider's connections once nobody is aboard any more.</summary>
    public async Task RetireAsync(TimeProvider clock)
    {
        while (Volatile.Read(ref aboard) > 0)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), clock);
        }

        await DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Provider.DisposeAsync();
        sending.Dispose();
    }
}
