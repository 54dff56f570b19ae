using Gateway.Worker.Telemetry;

namespace Gateway.Worker.Delivery;

/// <summary>
/// The worker's heart: takes in what it has free places for, and carries each delivery through its steps on its own. It
/// never holds a claim that it cannot begin at once.
/// </summary>
public sealed class DeliveryLoop(
    Intake intake,
    DeliveryRunner runner,
    WorkerSignals signals,
    TimeProvider clock,
    ILogger<DeliveryLoop> log
) : BackgroundService
{
    /// <summary>Claims of one round trip: small enough that one slow load does not hold many leases.</summary>
    private const int MostAtOnce = 128;

    /// <summary>While others are on their way, fewer free places than this wait for company: a claim costs a round trip.</summary>
    private const int FewestAtOnce = 32;

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (!await RoundAsync(stoppingToken))
                {
                    await signals.WaitForWorkAsync(Poll, stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception problem)
            {
                // The one catch of this loop: whatever failed, the leases run out and the mail is claimed again.
                WorkerLog.ClaimFailed(log, LoggableError.Of(problem));
                await Task.Delay(AfterFailure, clock, stoppingToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        // SIGTERM: nothing new is claimed, what is on the network ends, and what was not begun is given back.
        await runner.DrainAsync();
    }

    /// <summary>True where something was taken in, so that there may be more.</summary>
    private async Task<bool> RoundAsync(CancellationToken cancel)
    {
        var room = runner.Room;
        var places = Math.Min(MostAtOnce, room.Places);
        var forBroadcast = room.ForBroadcast < FewestAtOnce && runner.IsBusy ? 0 : room.ForBroadcast;
        // The places that broadcast mail may not have do not wait for company: transactional mail comes one by one.
        if (places == 0 || (places < FewestAtOnce && forBroadcast == 0 && room.ForBroadcast > 0 && runner.IsBusy))
        {
            return false;
        }

        if (signals.TakeForget())
        {
            intake.Forget();
        }

        var claiming = WorkerTelemetry.IsTraced ? clock.GetUtcNow() : default;
        var works = await intake.TakeAsync(places, forBroadcast, cancel);
        foreach (var work in works)
        {
            runner.Start(work, claiming, Ended);
        }

        return works.Count > 0;
    }

    private void Ended(DeliveryWork work)
    {
        var room = runner.Room;
        var isForTransactional = room is { Places: > 0, ForBroadcast: 0 } && work.Claim.Stream == "transactional";
        if (room.ForBroadcast >= FewestAtOnce || isForTransactional)
        {
            signals.MailIsDue();
        }
    }
}
