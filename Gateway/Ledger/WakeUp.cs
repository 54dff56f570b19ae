using Microsoft.Extensions.Logging;
using Npgsql;

namespace Gateway.Ledger;

/// <summary>
/// Tells the workers that mail is due. NOTIFY inside a commit would put all commits in one line, so it goes after it,
/// on a connection of its own, at most once in 5 ms (D8). It may be lost: the workers poll as well.
/// </summary>
public sealed class WakeUp : IAsyncDisposable
{
    public const string Channel = "gw_due";
    private static readonly TimeSpan AtMostEach = TimeSpan.FromMilliseconds(5);
    private readonly NpgsqlDataSource ledger;
    private readonly ILogger<WakeUp> log;
    private readonly SemaphoreSlim rung = new(0, 1);
    private readonly CancellationTokenSource stop = new();
    private readonly Task loop;

    public WakeUp(NpgsqlDataSource ledger, ILogger<WakeUp> log)
    {
        (this.ledger, this.log) = (ledger, log);
        loop = Task.Run(NotifyAsync);
    }

    /// <summary>Never blocks: a ring while one is pending is the same ring.</summary>
    public void Ring()
    {
        if (rung.CurrentCount == 0)
        {
            try
            {
                rung.Release();
            }
            catch (SemaphoreFullException)
            {
                // Another ring came first: that one carries this too.
            }
        }
    }

    private async Task NotifyAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await rung.WaitAsync(stop.Token);
                await using var command = ledger.CreateCommand($"NOTIFY {Channel}");
                await command.ExecuteNonQueryAsync(stop.Token);
                await Task.Delay(AtMostEach, stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception problem) when (problem is NpgsqlException or TimeoutException or IOException)
            {
                // The workers' poll finds the mail; the next ring tries again.
                log.LogDebug(problem, "wake-up not sent");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await loop;
        stop.Dispose();
        rung.Dispose();
    }
}
