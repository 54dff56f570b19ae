using Gateway.Mail;
using Gateway.Providers;
using Gateway.Worker.Paths;
using Gateway.Worker.Telemetry;

namespace Gateway.Worker.Health;

/// <summary>
/// Asks paths whose circuit is open whether they work again, once their rest is over: with a message of ours where the
/// path has canary addresses, else as far as the provider can be asked without mail. No customer's mail is the question.
/// </summary>
public sealed class PathCanary(EgressPaths paths, CircuitBoard board, TimeProvider clock, ILogger<PathCanary> log)
    : BackgroundService
{
    private static readonly TimeSpan Each = TimeSpan.FromMilliseconds(250);

    /// <summary>An answer that takes longer is none.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly HashSet<string> asking = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Each, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                foreach (var name in board.DueForCanary())
                {
                    if (Begin(name))
                    {
                        _ = AskAsync(name, stoppingToken);
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The host ends.
        }
    }

    private bool Begin(string name)
    {
        lock (asking)
        {
            return asking.Add(name);
        }
    }

    private async Task AskAsync(string name, CancellationToken stop)
    {
        // Elsewhere than on the timer: one that hangs keeps no other from being asked.
        await Task.Yield();
        try
        {
            var result = paths.Find(name) is { } path
                ? await AskAsync(path, stop)
                : new SendResult(
                    Outcome.PathDown,
                    OutcomeScope.Account,
                    "Canary",
                    "the path is not configured any more"
                );
            WorkerLog.CanaryCameBack(log, name, result.Outcome, result.Phase);
            GatewayTelemetry.Canaries.Add(1, new("path", name), new("outcome", result.Outcome.ToString()));
            board.CanaryCameBack(name, result);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The host ends; the circuit stays as it is.
        }
        finally
        {
            lock (asking)
            {
                asking.Remove(name);
            }
        }
    }

    private async Task<SendResult> AskAsync(EgressPath path, CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(Patience);
        try
        {
            return path.Canary is { } canary
                ? await path.Provider.SendAsync(canary.Compose(clock.GetUtcNow()), patience.Token)
                : await path.Provider.ProbeAsync(patience.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return new SendResult(Outcome.Unknown, OutcomeScope.Account, "Canary", $"no answer within {Patience}");
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            WorkerLog.CanaryThrew(log, LoggableError.Of(problem), path.Name);
            return new SendResult(Outcome.AdapterBug, OutcomeScope.Account, "Canary", problem.Message);
        }
    }
}
