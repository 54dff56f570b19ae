using System.Buffers;
using Gateway.Ledger;
using Gateway.Mail.Addresses;
using Gateway.Mail.Messages;
using Gateway.Providers;
using Gateway.Routing;
using Gateway.Worker.Paths;
using Gateway.Worker.Preparing;
using Gateway.Worker.Signing;
using Gateway.Worker.Telemetry;

namespace Gateway.Worker.Delivery;

/// <summary>The life of one claimed delivery: check, route, prepare, sign, begin, send, record.</summary>
public sealed class DeliverySteps(
    PathPicker picker,
    MessageSigner signer,
    DeliveryMarks marks,
    AttemptJournal journal,
    RefusalDoubts doubts,
    PastRefusals refusals,
    PathRide ride,
    TimeProvider clock,
    ILogger<DeliverySteps> log
)
{
    private int recording;

    /// <summary>Deliveries that left their path and wait for their end to be written.</summary>
    public int Recording => Volatile.Read(ref recording);

    /// <summary>True while results wait for the database.</summary>
    public bool IsBehind => journal.IsBehind;

    /// <summary>Deliveries that all paths of the route take together.</summary>
    public int MostAboard => picker.MostAboard;

    /// <summary>
    /// Carries the delivery as far as it goes now and records what became of it; false where every path that could
    /// carry it is full, and nothing happened to it.
    /// </summary>
    public async Task<bool> DeliverAsync(DeliveryWork work, CancellationToken stop)
    {
        var now = clock.GetUtcNow();
        if (RetryPolicy.BeforeSending(work.Facts, work.Content.IsThere, now) is { } settled)
        {
            return await SettleAsync(work, settled);
        }

        PreparedMail mail;
        try
        {
            using var span = WorkerTelemetry.Start("prepare");
            mail = marks.Mark(work);
        }
        catch (InvalidDataException problem)
        {
            WorkerLog.CannotPrepare(log, problem, work.Claim.TenantId, work.Claim.MessageId);
            return await SettleAsync(work, RetryPolicy.Hold("adapter_bug"));
        }

        var query = Query(work, mail, now);
        if (work.Facts.WaitingFor == RetryPolicy.Verdict && await refusals.FindAsync(work.Claim, stop) is { } refusal)
        {
            await journal.RecordAsync(Judged(work, refusal, query));
            return true;
        }

        var gone = await ride.GoAsync(query, path => SendOverAsync(work, mail, query, path, stop), stop);
        now = clock.GetUtcNow();
        switch (gone.Verdict)
        {
            case RideVerdict.Went:
                await RecordApartAsync(gone.Tried);
                return true;
            case RideVerdict.Crowded:
                return false;
            case RideVerdict.Paused:
                return await SettleAsync(
                    work,
                    RetryPolicy.Paused(work.Facts, gone.Until, now, Random.Shared.NextDouble())
                );
            case RideVerdict.Turn:
                return await SettleAsync(work, RetryPolicy.OverRate(work.Facts, gone.Wait, now));
            default:
                return await SettleAsync(work, RetryPolicy.NoPath(work.Facts, now, Random.Shared.NextDouble()));
        }
    }

    /// <summary>Records what a path came to; the path is free for the next one meanwhile.</summary>
    private async Task RecordApartAsync(RecordItem? tried)
    {
        if (tried is null)
        {
            return;
        }

        Interlocked.Increment(ref recording);
        try
        {
            await RecordAsync(tried);
        }
        finally
        {
            Interlocked.Decrement(ref recording);
        }
    }

    private async Task<RecordItem?> SendOverAsync(
        DeliveryWork work,
        PreparedMail mail,
        RouteQuery query,
        EgressPath path,
        CancellationToken stop
    )
    {
        ReadOnlySequence<byte> content;
        try
        {
            using var span = WorkerTelemetry.Start("sign");
            content = path.Provider.Capabilities.WeSign
                ? await signer.SignAsync(work.Claim.TenantId, work.FromDomain, mail.Content, stop)
                : new ReadOnlySequence<byte>(mail.Content);
        }
        catch (InvalidDataException)
        {
            // A signature that does not verify never leaves; the mail waits for whoever mends it.
            return Settled(work, RetryPolicy.Hold("signature"));
        }

        // From here on it is not interrupted: what was not begun when the host was told to stop goes back to the queue.
        stop.ThrowIfCancellationRequested();
        var mayDuplicate = work.Facts.State == DeliveryState.Unknown;
        var begun = await BeginAsync(new BeginItem(work.Claim, path.Name, mayDuplicate));
        return begun.Verdict == BeginVerdict.Send
            ? await AttemptAsync(work, content, query, path, begun.Attempt)
            : null;
    }

    private async Task<RecordItem> AttemptAsync(
        DeliveryWork work,
        ReadOnlySequence<byte> content,
        RouteQuery query,
        EgressPath path,
        int attempt
    )
    {
        var result = await path.SendAsync(
            new OutboundMail
            {
                TenantId = work.Claim.TenantId,
                MessageId = work.Claim.MessageId,
                DeliveryId = work.Claim.DeliveryId,
                Attempt = attempt,
                MailFrom = marks.MailFrom(work, path.Provider.Capabilities, attempt),
                Recipient = work.Recipient,
                Content = content,
                NeedsSmtpUtf8 = query.Needs.HasFlag(MailNeeds.Eai),
                Needs = query.Needs,
            },
            query
        );
        var step = RetryPolicy.After(
            work.Facts,
            result,
            path.Provider.Capabilities.HasDeliveryEvents,
            clock.GetUtcNow(),
            Random.Shared.NextDouble(),
            doubts.Of(path.Name, work, result, query)
        );
        return new RecordItem(work.Claim, attempt, path.Name, result, step) { IsTest = work.Mode == "test" };
    }

    /// <summary>The end that its refusal asked for, or what the path's fault makes of it.</summary>
    private RecordItem Judged(DeliveryWork work, PastRefusal refusal, RouteQuery query) =>
        new(
            work.Claim,
            refusal.Attempt,
            refusal.Path,
            refusal.Result,
            RetryPolicy.After(
                work.Facts,
                refusal.Result,
                pathTellsDelivery: false,
                clock.GetUtcNow(),
                Random.Shared.NextDouble(),
                doubts.Of(refusal, query)
            )
        )
        {
            IsKnown = true,
        };

    private async Task<Begun> BeginAsync(BeginItem item)
    {
        using var span = WorkerTelemetry.Start("begin");
        return await journal.BeginAsync(item);
    }

    private async Task RecordAsync(RecordItem item)
    {
        using var span = WorkerTelemetry.Start("record")?.SetTag("gateway.state", item.Step.State);
        await journal.RecordAsync(item);
    }

    private static RecordItem Settled(DeliveryWork work, NextStep step) => new(work.Claim, 0, null, null, step);

    /// <summary>Records a step that follows from no attempt.</summary>
    private async Task<bool> SettleAsync(DeliveryWork work, NextStep step)
    {
        await RecordAsync(Settled(work, step));
        return true;
    }

    /// <summary>What a path must be able to; the message is read for it only where some path cannot carry everything.</summary>
    private MailNeeds Needs(DeliveryWork work, PreparedMail mail, bool isInternational)
    {
        var needs = mail.NeedsSmtpUtf8 || isInternational ? MailNeeds.Eai : MailNeeds.None;
        if (!picker.IsAnyPicky)
        {
            return needs | (work.Content.IsComposed ? MailNeeds.None : MailNeeds.Raw);
        }

        var derived = DerivedNeeds.Of(MimeMessage.Parse(mail.Content), work.Recipient);
        return needs | (work.Content.IsComposed ? derived : derived | MailNeeds.Raw);
    }

    private RouteQuery Query(DeliveryWork work, PreparedMail mail, DateTimeOffset now)
    {
        var isParsed = EmailAddress.TryParse(work.Recipient, out var recipient, out _);
        return new RouteQuery
        {
            Tenant = work.Claim.TenantId,
            Mode = work.Mode,
            Stream = work.Facts.Stream,
            FromAddress = work.FromAddress,
            FromDomain = work.FromDomain,
            RecipientDomain = isParsed ? recipient!.Domain : "",
            Tags = work.Tags,
            Size = mail.Content.Length,
            Needs = Needs(work, mail, isParsed && recipient!.IsInternational),
            FailedPath = work.Facts.LastPath,
            Avoid = work.Avoid,
            PinnedPath = work.PinnedPath,
            Now = now,
        };
    }
}
