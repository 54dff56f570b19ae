using System.Collections.Concurrent;
using System.Diagnostics;
using Gateway.Worker.Paths;
using Gateway.Worker.Telemetry;

namespace Gateway.Worker.Delivery;

/// <summary>Runs deliveries side by side, within what the worker may hold, and sees each of them off.</summary>
public sealed class DeliveryRunner(
    DeliverySteps steps,
    Intake intake,
    HeldLeases leases,
    TimeProvider clock,
    ILogger<DeliveryRunner> log
)
{
    /// <summary>Deliveries on their way at once; mostly they wait for the network. A path has at most half of them.</summary>
    public const int Places = EgressPath.MostAboard * 2;

    /// <summary>Bytes of messages on their way at once; one message may pass it alone.</summary>
    private const long MostBytes = 192L << 20;

    /// <summary>What may still be on the network when the host must end.</summary>
    private static readonly TimeSpan DrainFor = TimeSpan.FromSeconds(25);

    /// <summary>No claims for so long after a path was found full: they would only come back.</summary>
    private static readonly TimeSpan CrowdedFor = TimeSpan.FromMilliseconds(100);

    /// <summary>This part of the places is kept for transactional mail while it does not use it: no broadcast fills a worker whose path is slow.</summary>
    private const double TransactionalReserve = 0.25;

    private readonly ConcurrentDictionary<Guid, Task> running = new();
    private readonly CancellationTokenSource stop = new();
    private long bytes;
    private int transactional;
    private long crowdedAt = long.MinValue;

    public bool IsBusy => !running.IsEmpty;

    /// <summary>How many more deliveries may be taken in now.</summary>
    public Room Room
    {
        get
        {
            if (!MayTakeIn())
            {
                return default;
            }

            // What is only being recorded takes a place here, but none on a path any more.
            var (held, recording) = (running.Count, steps.Recording);
            var most = Math.Min(Places, steps.MostAboard);
            var places = Math.Max(0, Math.Min(Places - held, steps.MostAboard - (held - recording)));
            var kept = Math.Max(0, (int)(most * TransactionalReserve) - Volatile.Read(ref transactional));
            return new Room(places, Math.Max(0, places - kept));
        }
    }

    /// <param name="claiming">When the claim that brought it began; default where nobody traces.</param>
    public void Start(DeliveryWork work, DateTimeOffset claiming, Action<DeliveryWork> ended)
    {
        if (work.Content.Enter())
        {
            Interlocked.Add(ref bytes, work.Content.Weight);
        }

        if (IsTransactional(work))
        {
            Interlocked.Increment(ref transactional);
        }

        var task = Task.Run(() => RunAsync(work, claiming));
        running[work.Claim.DeliveryId] = task;
        _ = task.ContinueWith(_ => SeeOff(work, task, ended), TaskScheduler.Default);
    }

    /// <summary>Waits for what is on the network; it is not interrupted, since nobody would know what became of it.</summary>
    public async Task DrainAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAny(Task.WhenAll(running.Values), Task.Delay(DrainFor, clock));
    }

    /// <summary>Not while results wait for the database (first what happened, then what shall), nor while memory or a path is full.</summary>
    private bool MayTakeIn() =>
        !steps.IsBehind
        && Interlocked.Read(ref bytes) < MostBytes
        && (crowdedAt == long.MinValue || clock.GetElapsedTime(crowdedAt) > CrowdedFor);

    private void SeeOff(DeliveryWork work, Task task, Action<DeliveryWork> ended)
    {
        if (work.Content.Leave())
        {
            Interlocked.Add(ref bytes, -work.Content.Weight);
        }

        if (IsTransactional(work))
        {
            Interlocked.Decrement(ref transactional);
        }

        running.TryRemove(new(work.Claim.DeliveryId, task));
        leases.Remove(work.Claim);
        ended(work);
    }

    private static bool IsTransactional(DeliveryWork work) => work.Claim.Stream == "transactional";

    private async Task RunAsync(DeliveryWork work, DateTimeOffset claiming)
    {
        using var activity = WorkerTelemetry.StartDelivery(work, claiming);
        try
        {
            if (!await steps.DeliverAsync(work, stop.Token))
            {
                crowdedAt = clock.GetTimestamp();
                await intake.GiveBackAsync([work.Claim], CancellationToken.None);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await intake.GiveBackAsync([work.Claim], CancellationToken.None);
        }
        catch (Exception problem)
        {
            // The one catch around a delivery. Not begun: the lease runs out and it is tried again. Begun: the sweep
            // calls it unknown, which is the truth.
            activity?.SetStatus(ActivityStatusCode.Error, problem.GetType().Name);
            WorkerLog.DeliveryFailed(
                log,
                LoggableError.Of(problem),
                work.Claim.TenantId,
                work.Claim.MessageId,
                work.Claim.DeliveryId
            );
        }
    }
}

/// <summary>Free places of a worker, and how many of them broadcast mail may take.</summary>
public readonly record struct Room(int Places, int ForBroadcast);
