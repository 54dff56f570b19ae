using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using Gateway.Ledger;
using Gateway.Mail;
using Gateway.Providers;
using Gateway.Routing;
using Gateway.Worker.Paths;
using Gateway.Worker.Signing;
using Gateway.Worker.Telemetry;
using Npgsql;

namespace Gateway.Worker.Delivery;

/// <summary>Carries one delivery through its steps: check, route, prepare, begin, send, record.</summary>
public sealed class DeliveryRunner(
    EgressPaths paths,
    PathHealth health,
    MessageSigner signer,
    AttemptJournal journal,
    HeldLeases leases,
    LeaseKeeper leaseKeeper,
    WorkerSignals signals,
    TimeProvider clock,
    ILogger<DeliveryRunner> log
)
{
    /// <summary>What may still be on the network when the host must end.</summary>
    private static readonly TimeSpan DrainFor = TimeSpan.FromSeconds(25);

    /// <summary>No claims for so long after a path was found full: they would only come back.</summary>
    private static readonly TimeSpan CrowdedFor = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<Guid, Task> running = new();
    private readonly CancellationTokenSource stop = new();
    private long crowdedUntil;

    /// <summary>False while results wait for the database: first what happened, then what shall.</summary>
    public bool MayClaim => !journal.IsBehind && clock.GetTimestamp() >= crowdedUntil;

    public bool IsBusy => !running.IsEmpty;

    /// <summary>How many more deliveries the paths can take.</summary>
    public int Room => Math.Max(0, (paths.RouteWidth * EgressPath.MostAboard) - running.Count);

    public void Start(DeliveryWork work, Action done)
    {
        var claim = work.Claim;
        var task = Task.Run(() => RunAsync(work));
        running[claim.DeliveryId] = task;
        _ = task.ContinueWith(
            ended =>
            {
                running.TryRemove(new(claim.DeliveryId, task));
                if (ended.Result == Carried.ToItsEnd)
                {
                    leases.Remove(claim);
                }

                done();
            },
            TaskScheduler.Default
        );
    }

    /// <summary>
    /// Waits for what is on the network; it is not interrupted, since nobody would know what became of it. Whatever had
    /// not begun goes back to the queue, where another worker finds it at once.
    /// </summary>
    public async Task DrainAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAny(Task.WhenAll(running.Values), Task.Delay(DrainFor, clock));
        try
        {
            await leaseKeeper.ReleaseAsync(leases.All, CancellationToken.None);
        }
        catch (Exception problem) when (problem is NpgsqlException or IOException or TimeoutException)
        {
            // The leases run out by themselves.
            WorkerLog.LeasesNotKept(log, problem.Message);
        }
    }

    private enum Carried
    {
        ToItsEnd,

        /// <summary>The host stops before anything was sent; the lease is still held.</summary>
        Nowhere,
    }

    private async Task<Carried> RunAsync(DeliveryWork work)
    {
        using var activity = WorkerTelemetry.StartDelivery(work);
        try
        {
            await DeliverAsync(work);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The host stops: its lease is given back with the others.
            return Carried.Nowhere;
        }
        catch (Exception problem)
        {
            // The one catch around a delivery. Not begun: the lease expires and it is tried again. Begun: the sweep
            // calls it unknown, which is the truth.
            activity?.SetStatus(ActivityStatusCode.Error, problem.Message);
            WorkerLog.DeliveryFailed(log, problem, work.Claim.TenantId, work.Claim.MessageId, work.Claim.DeliveryId);
        }

        return Carried.ToItsEnd;
    }

    private async Task DeliverAsync(DeliveryWork work)
    {
        var now = clock.GetUtcNow();
        if (RetryPolicy.BeforeSending(work.Facts, work.Content is not null, now) is { } settled)
        {
            await RecordAsync(new RecordItem(work.Claim, 0, null, null, settled));
            return;
        }

        PreparedMail mail;
        try
        {
            mail = Preparation.Prepare(work);
        }
        catch (InvalidDataException problem)
        {
            WorkerLog.CannotPrepare(log, problem, work.Claim.TenantId, work.Claim.MessageId);
            await RecordAsync(new RecordItem(work.Claim, 0, null, null, RetryPolicy.Hold("adapter_bug")));
            return;
        }

        var (path, isCrowded) = ChoosePath(work, mail);
        if (path is not null)
        {
            await SendAsync(work, mail, path);
        }
        else if (isCrowded)
        {
            // Nothing happened to this delivery: it goes back as it was, behind what the path has aboard.
            await leaseKeeper.ReleaseAsync([work.Claim], CancellationToken.None);
            crowdedUntil = clock.GetTimestamp() + (long)(CrowdedFor.TotalSeconds * clock.TimestampFrequency);
        }
        else
        {
            var wait = RetryPolicy.NoPath(work.Facts, now, Random.Shared.NextDouble());
            await RecordAsync(new RecordItem(work.Claim, 0, null, null, wait));
        }
    }

    /// <summary>The best path that may be used now, boarded; or whether it was only the crowd that kept it from one.</summary>
    private (EgressPath? Path, bool IsCrowded) ChoosePath(DeliveryWork work, PreparedMail mail)
    {
        var query = new RouteQuery(
            work.Mode,
            mail.Content.Length,
            mail.NeedsSmtpUtf8,
            work.Facts.LastPath,
            clock.GetUtcNow()
        );
        var plan = Router.Plan(paths.Snapshot(), health.Snapshot(), query, Random.Shared.NextDouble());
        var isCrowded = false;
        foreach (var candidate in plan.Candidates)
        {
            var path = paths[candidate.Path];
            if (!path.TryBoard())
            {
                isCrowded = true;
            }
            else if (health.TryEnter(candidate.Path))
            {
                return (path, false);
            }
            else
            {
                path.Leave();
            }
        }

        return (null, isCrowded);
    }

    private async Task SendAsync(DeliveryWork work, PreparedMail mail, EgressPath path)
    {
        try
        {
            await path.EnterAsync(stop.Token);
            try
            {
                await SendOverAsync(work, mail, path);
            }
            finally
            {
                path.Exit();
            }
        }
        finally
        {
            path.Leave();
        }
    }

    private async Task SendOverAsync(DeliveryWork work, PreparedMail mail, EgressPath path)
    {
        // What was not begun when the host was told to stop goes back to the queue.
        stop.Token.ThrowIfCancellationRequested();
        ReadOnlySequence<byte> content;
        try
        {
            content = path.Provider.Capabilities.WeSign
                ? await signer.SignAsync(work.Claim.TenantId, work.FromDomain, mail.Content, stop.Token)
                : new ReadOnlySequence<byte>(mail.Content);
        }
        catch (InvalidDataException)
        {
            // A signature that does not verify never leaves; the mail waits for whoever mends it.
            await RecordAsync(new RecordItem(work.Claim, 0, null, null, RetryPolicy.Hold("signature")));
            return;
        }

        var begun = await journal.BeginAsync(
            new BeginItem(work.Claim, path.Name, MayDuplicate: work.Facts.State == DeliveryState.Unknown)
        );
        if (begun.Verdict != BeginVerdict.Send)
        {
            return;
        }

        var started = clock.GetTimestamp();
        var result = await TryAsync(work, content, mail.NeedsSmtpUtf8, path, begun.Attempt);
        WorkerTelemetry.CountAttempt(path.Name, result, clock.GetElapsedTime(started));
        health.Saw(path.Name, result);
        var step = RetryPolicy.After(
            work.Facts,
            result,
            path.Provider.Capabilities.HasDeliveryEvents,
            clock.GetUtcNow(),
            Random.Shared.NextDouble()
        );
        await RecordAsync(new RecordItem(work.Claim, begun.Attempt, path.Name, result, step));
    }

    private async Task<SendResult> TryAsync(
        DeliveryWork work,
        ReadOnlySequence<byte> content,
        bool needsSmtpUtf8,
        EgressPath path,
        int attempt
    )
    {
        try
        {
            return await path.Provider.SendAsync(
                new OutboundMail
                {
                    TenantId = work.Claim.TenantId,
                    MessageId = work.Claim.MessageId,
                    DeliveryId = work.Claim.DeliveryId,
                    Attempt = attempt,
                    MailFrom = work.FromAddress,
                    Recipient = work.Recipient,
                    Content = content,
                    NeedsSmtpUtf8 = needsSmtpUtf8,
                },
                CancellationToken.None
            );
        }
        catch (Exception problem)
        {
            // An adapter that throws has a bug, and whether bytes left nobody knows.
            WorkerLog.AdapterThrew(log, problem, path.Name, work.Claim.MessageId);
            return new SendResult(Outcome.Unknown, OutcomeScope.None, "Adapter", problem.Message);
        }
    }

    private async Task RecordAsync(RecordItem item)
    {
        await journal.RecordAsync(item);
        if (item.Step.DueIn == TimeSpan.Zero)
        {
            // It is due at once, elsewhere.
            signals.MailCameBack();
        }
    }
}
