namespace Gateway.Worker.Delivery;

/// <summary>What wakes the loop: mail became due, or something below its remembered bound did.</summary>
public sealed class WorkerSignals
{
    private readonly SemaphoreSlim work = new(0, 1);
    private int forget;

    public void MailIsDue()
    {
        try
        {
            work.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is awake already.
        }
    }

    /// <summary>Mail came back that is older than what was claimed last.</summary>
    public void MailCameBack()
    {
        Volatile.Write(ref forget, 1);
        MailIsDue();
    }

    public bool TakeForget() => Interlocked.Exchange(ref forget, 0) == 1;

    public Task WaitForWorkAsync(TimeSpan atMost, CancellationToken cancel) => work.WaitAsync(atMost, cancel);
}
