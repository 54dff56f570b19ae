using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ServiceDefaults.Health;

/// <summary>Looks at every dependency each few seconds, so that no health request ever waits for one.</summary>
internal sealed partial class DependencyWatch(
    IEnumerable<DependencyCheck> registered,
    IServiceProviderIsService known,
    DependencyBoard board,
    IServiceProvider services,
    TimeProvider time,
    ILogger<DependencyWatch> log
) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    private readonly List<DependencyCheck> checks = [.. registered.Where(check => check.Applies(known))];

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        // Before the host serves: whoever asks sees the name, and that nothing is known yet.
        foreach (var check in checks)
        {
            board.Report(check.Name, up: null);
        }

        return base.StartAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(checks.Select(check => Task.Run(() => WatchAsync(check, stoppingToken), stoppingToken)));

    private async Task WatchAsync(DependencyCheck check, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            do
            {
                await LookAsync(check, stopping);
            } while (await timer.WaitForNextTickAsync(stopping));
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async Task LookAsync(DependencyCheck check, CancellationToken stopping)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(Limit);
        try
        {
            await check.LookAsync(services, limit.Token).WaitAsync(limit.Token);
            if (board.Report(check.Name, up: true))
            {
                Up(log, check.Name);
            }
        }
        catch (Exception error) when (!stopping.IsCancellationRequested)
        {
            var detail =
                error is OperationCanceledException ? $"no answer within {Limit.TotalSeconds} s" : error.Message;
            if (board.Report(check.Name, up: false, detail))
            {
                Down(log, check.Name, detail);
            }
        }
    }

    [LoggerMessage(1, LogLevel.Information, "{Dependency} is there")]
    private static partial void Up(ILogger log, string dependency);

    [LoggerMessage(2, LogLevel.Warning, "{Dependency} is away: {Detail}")]
    private static partial void Down(ILogger log, string dependency, string detail);
}
