using System.Net;

namespace AppHost.Embedded.Running;

/// <summary>Asks a service how it is: often until it is well, then now and then, telling only changes.</summary>
internal sealed class HealthProbe(Uri address, Action<string> log)
{
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Seldom = TimeSpan.FromSeconds(5);
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(3) };

    /// <exception cref="Aspire.Hosting.DistributedApplicationException">The service ended first.</exception>
    public async Task UntilHealthyAsync(Task<int> exited, CancellationToken cancel)
    {
        while (await AskAsync(cancel) is not null)
        {
            if (exited.IsCompleted)
            {
                throw new DistributedApplicationException($"it ended with exit code {await exited}");
            }

            await Task.WhenAny(exited, Task.Delay(Often, cancel));
            cancel.ThrowIfCancellationRequested();
        }
    }

    public void Follow(Task<int> exited, CancellationToken cancel) => _ = FollowAsync(exited, cancel);

    private async Task FollowAsync(Task<int> exited, CancellationToken cancel)
    {
        string? before = null;
        while (!exited.IsCompleted && !cancel.IsCancellationRequested)
        {
            await Task.WhenAny(exited, Task.Delay(Seldom, cancel));
            if (exited.IsCompleted || cancel.IsCancellationRequested)
            {
                return;
            }

            var now = await AskAsync(CancellationToken.None);
            if (now != before && !exited.IsCompleted && !cancel.IsCancellationRequested)
            {
                log(now is null ? "is healthy again" : $"is not healthy: {now}");
                before = now;
            }
        }
    }

    // Null: healthy.
    private async Task<string?> AskAsync(CancellationToken cancel)
    {
        try
        {
            using var answer = await Http.GetAsync(address, cancel);
            return answer.StatusCode == HttpStatusCode.OK
                ? null
                : $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(cancel)}";
        }
        catch (Exception error)
            when (error is HttpRequestException or TaskCanceledException && !cancel.IsCancellationRequested)
        {
            return error is TaskCanceledException ? "no answer within 3 s" : error.Message;
        }
    }
}
