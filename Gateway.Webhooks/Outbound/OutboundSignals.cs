using System.Collections.Concurrent;

namespace Gateway.Webhooks.Outbound;

/// <summary>What wakes the dispatcher's loop: results, rings of the doors, changes of subscriptions.</summary>
internal sealed class OutboundSignals : IDisposable
{
    private readonly ConcurrentQueue<Action> posted = new();
    private readonly SemaphoreSlim wake = new(0, 1);
    private int events;
    private int subscriptions;

    /// <summary>Runs on the loop, soon. Bounded by what is under way: each request and each job posts once.</summary>
    public void Post(Action action)
    {
        posted.Enqueue(action);
        Wake();
    }

    public void EventsCame()
    {
        Volatile.Write(ref events, 1);
        Wake();
    }

    public void SubscriptionsChanged()
    {
        Volatile.Write(ref subscriptions, 1);
        Wake();
    }

    public bool TakeEvents() => Interlocked.Exchange(ref events, 0) == 1;

    public bool TakeSubscriptions() => Interlocked.Exchange(ref subscriptions, 0) == 1;

    public void RunPosted()
    {
        while (posted.TryDequeue(out var action))
        {
            action();
        }
    }

    public Task WaitAsync(TimeSpan atMost) => wake.WaitAsync(atMost);

    public void Dispose() => wake.Dispose();

    private void Wake()
    {
        if (wake.CurrentCount == 0)
        {
            try
            {
                wake.Release();
            }
            catch (SemaphoreFullException)
            {
                // Another came first: its wake-up is this one's too.
            }
        }
    }
}
