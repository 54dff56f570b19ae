using Gateway.Ledger;

namespace Gateway.Reports;

/// <summary>The reports of one commit, applied one after the other to the deliveries that they found.</summary>
internal sealed class ReportBatch
{
    /// <summary>Of mail that is no more in the ledger.</summary>
    private static readonly TimeSpan Oldest = TimeSpan.FromDays(365);

    private readonly DeliveryReport[] reports;
    private readonly Dictionary<Guid, KnownDelivery> known;
    private readonly DateTimeOffset now;
    private readonly Guid?[] names;
    private readonly List<ReportEvent> events = [];
    private readonly List<(string Path, string Domain, DeliveryReport Report)> pathBounces = [];

    public ReportBatch(DeliveryReport[] reports, Dictionary<Guid, KnownDelivery> known, DateTimeOffset now)
    {
        (this.reports, this.known, this.now) = (reports, known, now);
        Results = new ReportResult[reports.Length];
        names = Array.ConvertAll(reports, r => IsEarly(r) ? null : SeenReports.KeyOf(r));
    }

    /// <summary>What is to be written down as seen; a report that comes too early is not.</summary>
    public IReadOnlyCollection<Guid> Names => names.OfType<Guid>().ToHashSet();

    public ReportResult[] Results { get; }

    public IReadOnlyList<ReportEvent> Events => events;

    public IReadOnlyList<KnownDelivery> Touched => [.. known.Values.Where(d => d.IsTouched)];

    public IReadOnlyList<PathBounceCount> PathBounces =>
        [
            .. pathBounces
                .GroupBy(b => (b.Path, b.Domain, b.Report.Outcome))
                .Select(g => new PathBounceCount(
                    g.Key.Path,
                    g.Key.Domain,
                    g.Key.Outcome.ToString(),
                    g.Count(),
                    g.First().Report.Reply
                )),
        ];

    /// <param name="unseen">The names that were new; each counts once.</param>
    public void Apply(HashSet<Guid> unseen)
    {
        for (var i = 0; i < reports.Length; i++)
        {
            Results[i] =
                names[i] is { } name && !unseen.Remove(name) ? ReportResult.Duplicate
                : IsEarly(reports[i]) ? ReportResult.Early
                : Apply(reports[i]);
        }
    }

    private KnownDelivery? DeliveryOf(DeliveryReport report) =>
        known.TryGetValue(report.DeliveryId, out var found)
        && found.MessageId == report.MessageId
        && (report.TenantId is null || report.TenantId == found.TenantId)
            ? found
            : null;

    private bool IsEarly(DeliveryReport report) => DeliveryOf(report) is { Picture.IsOnTheNetwork: true };

    private ReportResult Apply(DeliveryReport report)
    {
        if (DeliveryOf(report) is not { } delivery)
        {
            return known.ContainsKey(report.DeliveryId) ? ReportResult.Orphan : TellOrphan(report);
        }

        if (ReportRules.Find(delivery.Attempts, report) is not { } attempt)
        {
            return ReportResult.Orphan;
        }

        var decision = ReportRules.Decide(delivery.Picture, attempt, report);
        var moves = decision.Queue != QueueMove.Stay;
        ReportEvent? told = null;
        foreach (var step in decision.Steps)
        {
            told = Event(report, attempt, step, delivery, ++delivery.Sequence);
            events.Add(told);
        }

        delivery.IsTouched = true;
        delivery.IsMoved |= moves;
        delivery.Queue = moves ? decision.Queue : delivery.Queue;
        delivery.Picture = decision.After;
        if (
            report is { Kind: Reported.Failed, Outcome: not (Mail.Outcome.Unknown or Mail.Outcome.AdapterBug) }
            && ReportRules.IsOfThePath(report.Outcome)
        )
        {
            pathBounces.Add((attempt.Path, delivery.RecipientDomain, report));
        }

        return new ReportResult(ReportVerdict.Recorded, moves ? delivery.Picture.State : null, told!.Id);
    }

    private ReportEvent Event(
        DeliveryReport report,
        PastAttempt attempt,
        ReportStep step,
        KnownDelivery delivery,
        int sequence
    ) =>
        new(
            LedgerId.New(now),
            delivery.TenantId,
            delivery.MessageId,
            delivery.MessageId,
            delivery.DeliveryId,
            sequence,
            step.Type,
            step.State,
            Within(report.At, LedgerId.TimeOf(delivery.MessageId)),
            ReportText.Of(report, attempt, step),
            IsOrphan: false
        );

    /// <summary>
    /// Of mail nothing is told from before it was, nor, by a clock that is ahead of ours, from what has yet to come.
    /// </summary>
    private DateTimeOffset Within(DateTimeOffset at, DateTimeOffset since) =>
        at > now ? now
        : at < since ? since
        : at;

    /// <summary>
    /// Its day is gone, or its id was invented. Where the tenant is known for sure, it is the tenant's to read (D4).
    /// </summary>
    private ReportResult TellOrphan(DeliveryReport report)
    {
        if (report.TenantId is not { } tenant)
        {
            return ReportResult.Orphan;
        }

        var cause = report.Kind == Reported.Failed ? ReportRules.CauseOf(report.Outcome) : null;
        var step = new ReportStep(ReportRules.TypeOf(report.Kind), Cause: cause);
        var id = LedgerId.New(now);
        events.Add(
            new ReportEvent(
                id,
                tenant,
                LedgerId.New(now),
                report.MessageId,
                report.DeliveryId,
                null,
                step.Type,
                null,
                Within(report.At, now - Oldest),
                ReportText.Of(report, null, step),
                IsOrphan: true
            )
        );
        return ReportResult.Orphan with { EventId = id };
    }
}
