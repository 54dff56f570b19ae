using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Gateway.Throttling;

/// <summary>
/// Whether Redis decides, and since when. One failed call is enough to go on without it; a look aside finds it again,
/// so that no request waits for a Redis that is away. A Redis with another run id has lost what it counted.
/// </summary>
internal sealed partial class RedisPresence : IAsyncDisposable
{
    private static readonly TimeSpan LookEach = TimeSpan.FromMilliseconds(250);
    private readonly TimeProvider clock;
    private readonly TimeSpan timeout;
    private readonly ILogger log;
    private readonly CancellationTokenSource stop = new();
    private readonly SemaphoreSlim wanted = new(1, 1);
    private readonly Task loop;
    private volatile IDatabase? database;
    private string? runId;
    private bool told;
    private long lostAt;

    public RedisPresence(Func<IConnectionMultiplexer> connect, ThrottleOptions options, TimeProvider clock, ILogger log)
    {
        (this.clock, timeout, this.log) = (clock, options.RedisTimeout, log);
        loop = Task.Run(() => LookAsync(connect));
    }

    /// <summary>Null while Redis is away.</summary>
    public IDatabase? Database => database;

    /// <summary>When a Redis answered that had lost its counts; null where that never was.</summary>
    public long? LostAt => Volatile.Read(ref lostAt) is var at and not 0 ? at : null;

    /// <summary>Redis did not answer: on without it, and look for it.</summary>
    public void Failed(string problem)
    {
        database = null;
        if (!told)
        {
            told = true;
            Away(log, problem);
        }

        Want();
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await loop;
        stop.Dispose();
        wanted.Dispose();
    }

    private void Want()
    {
        try
        {
            wanted.Release();
        }
        catch (Exception problem) when (problem is SemaphoreFullException or ObjectDisposedException)
        {
            // It looks already, or never will again.
        }
    }

    private async Task LookAsync(Func<IConnectionMultiplexer> connect)
    {
        IConnectionMultiplexer? client = null;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await wanted.WaitAsync(stop.Token);
                while (!stop.IsCancellationRequested)
                {
                    client ??= Connect(connect);
                    if (await TryAsync(client))
                    {
                        break;
                    }

                    await Task.Delay(LookEach, clock, stop.Token);
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception problem)
            {
                Failed(problem.Message);
                await Task.Delay(LookEach, clock, CancellationToken.None);
            }
        }
    }

    private IConnectionMultiplexer Connect(Func<IConnectionMultiplexer> connect)
    {
        var client = connect();
        // A replica that sends nothing must notice a restart too.
        client.ConnectionFailed += (_, failure) => Failed(failure.FailureType.ToString());
        return client;
    }

    private async Task<bool> TryAsync(IConnectionMultiplexer client)
    {
        try
        {
            var redis = client.GetDatabase();
            var answer = await redis.ExecuteAsync("INFO", "server").WaitAsync(timeout * 5, stop.Token);
            Found(redis, RunId((string?)answer ?? ""));
            return true;
        }
        catch (Exception problem) when (problem is RedisException or TimeoutException)
        {
            if (!told)
            {
                told = true;
                Away(log, problem.Message);
            }

            return false;
        }
    }

    private void Found(IDatabase redis, string id)
    {
        if (runId is not null && runId != id)
        {
            Volatile.Write(ref lostAt, clock.GetTimestamp());
        }

        if (told)
        {
            told = false;
            Back(log, runId is null || runId == id ? "with its counts" : "without its counts");
        }

        runId = id;
        database = redis;
    }

    private static string RunId(string info) =>
        info.Split('\n').FirstOrDefault(l => l.StartsWith("run_id:", StringComparison.Ordinal))?.Trim() ?? "";

    [LoggerMessage(1, LogLevel.Warning, "Redis is away, each replica holds its part of the limits: {Problem}")]
    private static partial void Away(ILogger log, string problem);

    [LoggerMessage(2, LogLevel.Information, "Redis counts the limits again, {Memory}")]
    private static partial void Back(ILogger log, string memory);
}
