namespace AppHost.Embedded.Running;

/// <summary>How far one resource is.</summary>
internal sealed class ResourceProgress
{
    private readonly TaskCompletionSource healthy = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<int> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when it was healthy for the first time; fails if that will never be.</summary>
    public Task Healthy => healthy.Task;

    /// <summary>Ends with the exit code, once it ran and ended.</summary>
    public Task<int> Ended => ended.Task;

    public void MarkHealthy() => healthy.TrySetResult();

    public void Fail(Exception reason)
    {
        // Many may wait, or nobody: an unobserved failure is no second failure.
        healthy.TrySetException(reason);
        ended.TrySetException(reason);
        _ = healthy.Task.Exception;
        _ = ended.Task.Exception;
    }

    public void Complete(int exitCode) => ended.TrySetResult(exitCode);

    public void Watch(Task<int> exited) =>
        _ = exited.ContinueWith(
            end => Complete(end.Result),
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
}
