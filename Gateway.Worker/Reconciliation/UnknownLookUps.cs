using Gateway.Providers;
using Gateway.Worker.Delivery;
using Gateway.Worker.Paths;
using Gateway.Worker.Telemetry;
using Npgsql;

namespace Gateway.Worker.Reconciliation;

/// <summary>
/// Asks providers what became of deliveries whose answer was lost, beside the delivering and never in its way: soon
/// first, then less and less often. Whom nobody could tell of by D11's deadline goes the tenant's way.
/// </summary>
public sealed class UnknownLookUps(
    LookUpQueue queue,
    LookUpResult result,
    EgressPaths paths,
    WorkerSignals signals,
    TimeProvider clock,
    ILogger<UnknownLookUps> log
) : BackgroundService
{
    /// <summary>Asked at once by one worker: providers limit these requests more than sending.</summary>
    private const int AtOnce = 8;

    private static readonly TimeSpan Each = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan First = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var began = clock.GetTimestamp();
            try
            {
                await LookAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception problem) when (problem is NpgsqlException or IOException or TimeoutException)
            {
                WorkerLog.NotLookedUp(log, problem.Message);
            }

            // A long queue of unknown mail is not looked through all the time.
            var rest = clock.GetElapsedTime(began) * 4;
            await Task.Delay(rest > Each ? rest : Each, clock, stoppingToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>One round: what is new is noted, what is due is asked.</summary>
    public async Task LookAsync(CancellationToken cancel)
    {
        string[] asked =
        [
            .. paths.All.Where(p => p.Provider is ILooksUp && p.Provider.Capabilities.Lookup).Select(p => p.Name),
        ];
        if (asked.Length == 0)
        {
            return;
        }

        await queue.NoteAsync(asked, cancel);
        while (await queue.ClaimAsync(AtOnce, cancel) is { Count: > 0 } tasks)
        {
            await Task.WhenAll(tasks.Select(t => AskAsync(t, cancel)));
        }
    }

    /// <summary>When to ask again after so many times.</summary>
    internal static TimeSpan WaitAfter(int tries)
    {
        var doubled = First * Math.Pow(2, Math.Min(tries - 1, 10));
        return doubled < Longest ? doubled : Longest;
    }

    private async Task AskAsync(LookUpTask task, CancellationToken cancel)
    {
        if (paths.Find(task.Path) is not { Provider: ILooksUp provider } path)
        {
            // Another worker may still have it; whoever claims next looks again.
            await queue.AgainAsync(task, WaitAfter(task.Tries), cancel);
            return;
        }

        var said = await AskAsync(provider, task, cancel);
        GatewayTelemetry.LookUps.Add(1, new("path", task.Path), new("answer", said.Answer.ToString()));
        switch (said.Answer)
        {
            case LookUpAnswer.Taken:
                await result.TakenAsync(task, said, !path.Provider.Capabilities.HasDeliveryEvents, cancel);
                break;
            case LookUpAnswer.Refused or LookUpAnswer.Absent:
                if (await result.NotTakenAsync(task, said, cancel))
                {
                    signals.MailCameBack();
                }

                break;
            default:
                await queue.AgainAsync(task, WaitAfter(task.Tries), cancel);
                return;
        }

        await queue.ForgetAsync(task.Sent.DeliveryId, cancel);
    }

    private async Task<LookUp> AskAsync(ILooksUp provider, LookUpTask task, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        try
        {
            return await provider.LookUpAsync(task.Sent, patience.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new LookUp(LookUpAnswer.CannotTell, $"no answer within {Patience}");
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            WorkerLog.LookUpThrew(log, LoggableError.Of(problem), task.Path);
            return new LookUp(LookUpAnswer.CannotTell, "the adapter threw");
        }
    }
}
