using Gateway.Providers.Events;
using Gateway.Reports;
using Npgsql;

namespace Gateway.Webhooks.Inbound;

/// <summary>Reads the requests that were written down, and records what they say. Several replicas may.</summary>
internal sealed class InboundProcessor(
    InboundQueue queue,
    EventFormats formats,
    ReportRecorder recorder,
    AccountNews account,
    SnsConfirmation confirmation
)
{
    /// <summary>Reads one batch; how many requests it had.</summary>
    public async Task<int> RunOnceAsync(ILogger log, CancellationToken cancel)
    {
        var claims = await queue.ClaimAsync(InboundLimits.ClaimedAtOnce, cancel);
        if (claims.Count == 0)
        {
            return 0;
        }

        try
        {
            await WorkAsync(claims, log, cancel);
        }
        catch (Exception problem) when (!IsAway(problem, cancel))
        {
            await WorkApartAsync(claims, log, cancel);
        }

        return claims.Count;
    }

    /// <summary>One of them has a defect that nobody foresaw, or met one of ours: the others do not suffer for it.</summary>
    private async Task WorkApartAsync(IReadOnlyList<ClaimedRequest> claims, ILogger log, CancellationToken cancel)
    {
        foreach (var claim in claims)
        {
            try
            {
                await WorkAsync([claim], log, cancel);
            }
            catch (Exception problem) when (!IsAway(problem, cancel))
            {
                var why = $"a defect of this release: {problem.GetType().Name}";
                GatewayTelemetry.InboundUnreadable.Add(1, new KeyValuePair<string, object?>("path", claim.Path));
                InboundLogLines.EventsUnreadable(log, claim.Id, claim.Path, why);
                await queue.SettleAsync([new ReadRequest(claim, InboundLimits.PauseAfter(claim.Tries), why)], cancel);
            }
        }
    }

    /// <summary>The ledger is away, or the host ends: all of it comes again.</summary>
    private static bool IsAway(Exception problem, CancellationToken cancel) =>
        cancel.IsCancellationRequested
        || problem is IOException or TimeoutException
        || (problem is NpgsqlException and not PostgresException)
        || problem is PostgresException { SqlState: not (['2', '2', ..] or ['2', '3', ..]) };

    private async Task WorkAsync(IReadOnlyList<ClaimedRequest> claims, ILogger log, CancellationToken cancel)
    {
        var readings = claims.Select(c => (Claim: c, Reading: Read(c))).ToArray();
        var told = readings
            .SelectMany(r =>
                r.Reading.Events.Select(e => (r.Claim, Event: e, Report: EventNames.ToReport(r.Claim.Path, e)))
            )
            .ToArray();
        var reports = told.Where(t => t.Report is not null).ToArray();
        var results = await recorder.RecordAsync([.. reports.Select(r => r.Report!)], cancel);
        var early = new HashSet<Guid>();
        var orphans = told.Where(t => t.Report is null && EventNames.IsAboutMail(t.Event.News))
            .Select(t => (t.Claim, t.Event))
            .ToList();
        for (var i = 0; i < results.Count; i++)
        {
            if (results[i].Verdict == ReportVerdict.Early)
            {
                early.Add(reports[i].Claim.Id);
            }
            else if (results[i].Verdict == ReportVerdict.Orphan)
            {
                orphans.Add((reports[i].Claim, reports[i].Event));
            }

            Count(reports[i].Claim.Path, reports[i].Event.News, results[i].Verdict);
        }

        await queue.NoteOrphansAsync(orphans, cancel);
        var unanswered = await TellOthersAsync(
            told.Where(t => !EventNames.IsAboutMail(t.Event.News)).Select(t => (t.Claim, t.Event)),
            cancel
        );
        await queue.SettleAsync([.. readings.Select(r => Settle(r.Claim, r.Reading, early, unanswered, log))], cancel);
    }

    /// <summary>Account news and confirmations; the requests whose confirmation is still to be answered.</summary>
    private async Task<HashSet<Guid>> TellOthersAsync(
        IEnumerable<(ClaimedRequest Claim, ProviderEvent Event)> others,
        CancellationToken cancel
    )
    {
        var unanswered = new HashSet<Guid>();
        foreach (var (claim, read) in others)
        {
            if (read.News == ProviderNews.Account)
            {
                await account.TellAsync(claim.Path, read, cancel);
            }
            else if (!await confirmation.ConfirmAsync(claim.Path, new Uri(read.Reply!), cancel))
            {
                unanswered.Add(claim.Id);
            }

            GatewayTelemetry.InboundEvents.Add(
                1,
                new("path", claim.Path),
                new("news", EventNames.Of(read.News)),
                new("result", "told")
            );
        }

        return unanswered;
    }

    private EventReading Read(ClaimedRequest claim) =>
        formats.Find(claim.Provider)?.Read(claim.Request)
        ?? EventReading.Unreadable($"no reader for {claim.Provider} in this release");

    private static ReadRequest Settle(
        ClaimedRequest claim,
        EventReading reading,
        HashSet<Guid> early,
        HashSet<Guid> unanswered,
        ILogger log
    )
    {
        if (reading.Ignored > 0)
        {
            GatewayTelemetry.InboundEvents.Add(
                reading.Ignored,
                new("path", claim.Path),
                new("news", "other"),
                new("result", "ignored")
            );
        }

        if (early.Contains(claim.Id))
        {
            return new ReadRequest(claim, InboundLimits.EarlyPause);
        }

        var problem =
            reading.Problem ?? (unanswered.Contains(claim.Id) ? "Amazon did not take the confirmation" : null);
        if (problem is null)
        {
            return new ReadRequest(claim);
        }

        GatewayTelemetry.InboundUnreadable.Add(1, new KeyValuePair<string, object?>("path", claim.Path));
        InboundLogLines.EventsUnreadable(log, claim.Id, claim.Path, problem);
        return new ReadRequest(claim, InboundLimits.PauseAfter(claim.Tries), problem);
    }

    private static void Count(string path, ProviderNews news, ReportVerdict verdict) =>
        GatewayTelemetry.InboundEvents.Add(
            1,
            new("path", path),
            new("news", EventNames.Of(news)),
            new("result", verdict.ToString().ToLowerInvariant())
        );
}
