using System.Buffers;
using Gateway.Ledger;
using Gateway.Mail.Addresses;
using Gateway.Providers;
using Gateway.Routing;
using Gateway.Worker.Paths;
using Gateway.Worker.Signing;
using Gateway.Worker.Telemetry;

namespace Gateway.Worker.Delivery;

/// <summary>The life of one claimed delivery: check, route, prepare, sign, begin, send, record.</summary>
public sealed class DeliverySteps(
    PathPicker picker,
    MessageSigner signer,
    AttemptJournal journal,
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
            mail = work.Content.Prepared;
        }
        catch (InvalidDataException problem)
        {
            WorkerLog.CannotPrepare(log, problem, work.Claim.TenantId, work.Claim.MessageId);
            return await SettleAsync(work, RetryPolicy.Hold("adapter_bug"));
        }

        var needsEai = mail.NeedsSmtpUtf8 || NeedsEai(work.Recipient);
        var query = new RouteQuery(work.Mode, mail.Content.Length, needsEai, work.Facts.LastPath, now);
        var (path, isCrowded) = picker.Board(query);
        if (path is null)
        {
            return !isCrowded
                && await SettleAsync(work, RetryPolicy.NoPath(work.Facts, now, Random.Shared.NextDouble()));
        }

        RecordItem? tried;
        try
        {
            tried = await SendOverAsync(work, mail, needsEai, path, stop);
        }
        finally
        {
            path.Leave();
        }

        // The path is free for the next one while this one's end is written.
        if (tried is not null)
        {
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

        return true;
    }

    /// <summary>Signs and sends; what is to be recorded, or null where nothing was begun and nothing is left to do.</summary>
    private async Task<RecordItem?> SendOverAsync(
        DeliveryWork work,
        PreparedMail mail,
        bool needsEai,
        EgressPath path,
        CancellationToken stop
    )
    {
        await path.EnterAsync(stop);
        try
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
                return new RecordItem(work.Claim, 0, null, null, RetryPolicy.Hold("signature"));
            }

            // From here on it is not interrupted: what was not begun when the host was told to stop goes back to the queue.
            stop.ThrowIfCancellationRequested();
            var mayDuplicate = work.Facts.State == DeliveryState.Unknown;
            var begun = await BeginAsync(new BeginItem(work.Claim, path.Name, mayDuplicate));
            return begun.Verdict == BeginVerdict.Send
                ? await AttemptAsync(work, content, needsEai, path, begun.Attempt)
                : null;
        }
        finally
        {
            path.Exit();
        }
    }

    private async Task<RecordItem> AttemptAsync(
        DeliveryWork work,
        ReadOnlySequence<byte> content,
        bool needsEai,
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
                MailFrom = work.FromAddress,
                Recipient = work.Recipient,
                Content = content,
                NeedsSmtpUtf8 = needsEai,
            }
        );
        var step = RetryPolicy.After(
            work.Facts,
            result,
            path.Provider.Capabilities.HasDeliveryEvents,
            clock.GetUtcNow(),
            Random.Shared.NextDouble()
        );
        return new RecordItem(work.Claim, attempt, path.Name, result, step);
    }

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

    /// <summary>Records a step that follows from no attempt.</summary>
    private async Task<bool> SettleAsync(DeliveryWork work, NextStep step)
    {
        await RecordAsync(new RecordItem(work.Claim, 0, null, null, step));
        return true;
    }

    private static bool NeedsEai(string recipient) =>
        EmailAddress.TryParse(recipient, out var address, out _) && address.IsInternational;
}
