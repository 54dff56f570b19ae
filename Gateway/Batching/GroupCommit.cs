using System.Threading.Channels;

namespace Gateway.Batching;

/// <summary>
/// Coalesces concurrent writes into batches without a timer (D2): whoever arrives while a commit is on its way waits
/// for the next one, so a lone request pays nothing and a thousand share one fsync.
/// </summary>
/// <remarks>The flush sets every item's result; what it throws becomes the exception of all its items.</remarks>
public sealed class GroupCommit<TItem, TResult> : IAsyncDisposable
    where TItem : notnull
{
    private readonly Channel<Pending> waiting;
    private readonly Func<IReadOnlyList<Pending>, CancellationToken, Task> flush;
    private readonly GroupCommitLimits<TItem> limits;
    private readonly CancellationTokenSource stop = new();
    private readonly Task[] writers;

    public GroupCommit(
        Func<IReadOnlyList<Pending>, CancellationToken, Task> flush,
        GroupCommitLimits<TItem>? limits = null
    )
    {
        this.flush = flush;
        this.limits = limits ?? new GroupCommitLimits<TItem>();
        waiting = Channel.CreateBounded<Pending>(this.limits.MaxWaiting);
        writers = [.. Enumerable.Range(0, this.limits.InFlight).Select(_ => Task.Run(WriteAsync))];
    }

    /// <summary>One write and where its result goes.</summary>
    public sealed class Pending(TItem item)
        : TaskCompletionSource<TResult>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public TItem Item { get; } = item;
    }

    /// <summary>Waits for the commit that carries the item. Once queued it is written whether or not the caller still waits.</summary>
    public async Task<TResult> WriteAsync(TItem item, CancellationToken cancel = default)
    {
        var pending = new Pending(item);
        await waiting.Writer.WriteAsync(pending, cancel);
        return await pending.Task;
    }

    private async Task WriteAsync()
    {
        var batch = new List<Pending>();
        while (await waiting.Reader.WaitToReadAsync())
        {
            batch.Clear();
            var size = 0L;
            // A message that is large alone goes alone: the first item always fits.
            while (
                batch.Count < limits.MaxItems
                && waiting.Reader.TryPeek(out var next)
                && (batch.Count == 0 || size + limits.SizeOf(next.Item) <= limits.MaxBytes)
                && waiting.Reader.TryRead(out next)
            )
            {
                batch.Add(next);
                size += limits.SizeOf(next.Item);
            }

            if (batch.Count == 0)
            {
                continue;
            }

            try
            {
                await flush(batch, stop.Token);
                foreach (var forgotten in batch)
                {
                    forgotten.TrySetException(new InvalidOperationException("the flush left a write without result"));
                }
            }
            catch (Exception problem)
            {
                foreach (var pending in batch)
                {
                    pending.TrySetException(problem);
                }
            }
        }
    }

    /// <summary>Writes what is waiting, then ends.</summary>
    public async ValueTask DisposeAsync()
    {
        waiting.Writer.TryComplete();
        await Task.WhenAll(writers);
        stop.Dispose();
    }
}

/// <summary>How much one commit takes at once.</summary>
public sealed record GroupCommitLimits<TItem>
{
    public int MaxItems { get; init; } = 256;

    /// <summary>Bytes; a single item may be larger.</summary>
    public long MaxBytes { get; init; } = 4 << 20;

    /// <summary>Commits on their way at once.</summary>
    public int InFlight { get; init; } = 2;

    /// <summary>Writes that may wait; a further one waits for a place.</summary>
    public int MaxWaiting { get; init; } = 16_384;

    public Func<TItem, long> SizeOf { get; init; } = _ => 0;
}
