using Gateway.Mail.Bounces;
using Gateway.Reports;
using Gateway.ReturnMail;
using Gateway.Webhooks.Unsubscribe;
using Npgsql;

namespace Gateway.Webhooks.Mail;

/// <summary>Reads the mail that was kept and records what it says. A mail that is read twice is recorded once.</summary>
internal sealed partial class InboundMailReader(
    InboundMailLedger mails,
    ReportRecorder recorder,
    Leaving leaving,
    ReportedMail reported,
    ILogger<InboundMailReader> log
)
{
    /// <summary>A defect is met so often before the mail waits for its fix.</summary>
    private const int MostTries = 3;

    /// <summary>Its delivery is on the network this moment; within a lease's length it is known.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(2);

    private IReadOnlyList<StoredMail> unfinished = [];

    /// <summary>How many were taken up; less than <see cref="InboundMailLedger.Batch"/> where there are no more.</summary>
    /// <exception cref="NpgsqlException">The ledger is away; what was taken up is due again at the next call, or after its lease.</exception>
    public async Task<int> ReadAsync(CancellationToken cancel)
    {
        if (unfinished.Count > 0)
        {
            // Taken up when the ledger went away: nobody waits for the lease's end.
            await mails.EndAsync(
                [.. unfinished.Select(m => new MailEnd(m.Id, "new", null, null, TimeSpan.Zero))],
                cancel
            );
        }

        var batch = unfinished = await mails.TakeAsync(cancel);
        if (batch.Count > 0)
        {
            await ReadAsync(batch, cancel);
        }

        unfinished = [];
        return batch.Count;
    }

    private async Task ReadAsync(IReadOnlyList<StoredMail> batch, CancellationToken cancel)
    {
        var ends = new List<MailEnd>(batch.Count);
        var reports = Parse(batch, ends);
        var owners = await mails.OwnersAsync([.. reports.Select(r => r.Mail)], cancel);
        var found = new List<(StoredMail Mail, MailFinding Finding)>();
        foreach (var (mail, report) in reports)
        {
            var owner = owners.GetValueOrDefault(mail.DeliveryId);
            try
            {
                var finding = MailReading.Read(mail, report, owner?.RecipientKey);
                if (finding.Report is not null)
                {
                    found.Add((mail, finding));
                }
                else if (finding.Outcome == MailReading.Leave)
                {
                    ends.Add(await LeaveAsync(mail, owner, cancel));
                }
                else
                {
                    ends.Add(Done(mail, finding.Outcome));
                }
            }
            catch (Exception defect) when (IsOurs(defect))
            {
                ends.Add(Failed(mail, defect));
            }
        }

        var results = await recorder.RecordAsync([.. found.Select(f => f.Finding.Report!)], cancel);
        ends.AddRange(found.Zip(results, (f, result) => EndOf(f.Mail, f.Finding.Outcome, result)));
        await mails.EndAsync(ends, cancel);
        foreach (var end in ends.Where(e => e.State != "new"))
        {
            GatewayTelemetry.InboundMail.Add(1, new KeyValuePair<string, object?>("outcome", end.Outcome));
        }
    }

    /// <summary>Each with what it says, and with the delivery that it proves to be about; a defect met here ends that one mail.</summary>
    private List<(StoredMail Mail, MailReport Report)> Parse(IReadOnlyList<StoredMail> batch, List<MailEnd> ends)
    {
        var parsed = new List<(StoredMail, MailReport)>(batch.Count);
        foreach (var mail in batch)
        {
            try
            {
                var report = ReportReader.Read(mail.Content);
                var about = mail.Kind == InboundMailKind.Report ? reported.Find(report) : null;
                parsed.Add(
                    (
                        about is var (delivery, attempt)
                            ? mail with
                            {
                                DeliveryId = delivery,
                                Attempt = attempt,
                            }
                            : mail,
                        report
                    )
                );
            }
            catch (Exception defect) when (IsOurs(defect))
            {
                ends.Add(Failed(mail, defect));
            }
        }

        return parsed;
    }

    /// <summary>One mail that we cannot read must not hold up the others.</summary>
    private static bool IsOurs(Exception defect) => !IsAway(defect) && defect is not OperationCanceledException;

    public static bool IsAway(Exception problem) =>
        problem is NpgsqlException and not PostgresException { SqlState: ['2', '2' or '3', ..] }
        || problem is TimeoutException or IOException;

    private async Task<MailEnd> LeaveAsync(StoredMail mail, MailOwner? owner, CancellationToken cancel)
    {
        if (owner is null)
        {
            return Done(mail, "orphan");
        }

        var target = new UnsubscribeTarget(owner.TenantId, mail.DeliveryId, owner.Stream, owner.RecipientKey);
        await leaving.LeaveAsync(target, "mail", cancel);
        return Done(mail, MailReading.Leave);
    }

    private static MailEnd EndOf(StoredMail mail, string outcome, ReportResult result) =>
        result.Verdict switch
        {
            ReportVerdict.Early => new MailEnd(mail.Id, "new", null, null, Soon),
            ReportVerdict.Orphan => Done(mail, "orphan"),
            _ => Done(mail, outcome),
        };

    private static MailEnd Done(StoredMail mail, string outcome) => new(mail.Id, "done", outcome, null, null);

    private MailEnd Failed(StoredMail mail, Exception defect)
    {
        CannotRead(log, LoggableError.Of(defect), mail.Id, mail.Tries);
        // The kind of the error: its text may quote the mail.
        return mail.Tries < MostTries
            ? new MailEnd(mail.Id, "new", null, defect.GetType().Name, null)
            : new MailEnd(mail.Id, "failed", "failed", defect.GetType().Name, null);
    }

    [LoggerMessage(1, LogLevel.Error, "Mail {Mail} of the bounce domain cannot be read, try {Try}; it is kept")]
    private static partial void CannotRead(ILogger log, Exception problem, Guid mail, int @try);
}
