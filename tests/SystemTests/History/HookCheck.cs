using System.Diagnostics;
using SystemTests.Installed;

namespace SystemTests.History;

/// <summary>
/// Judges what the tenants were told: exactly the events that the ledger holds, whatever died in between. The run is not
/// over for mail that waits, so that events go on: asked for are those of the picture, and none beyond the ledger.
/// </summary>
internal sealed class HookCheck
{
    private HookCheck(IReadOnlyList<string> violations) => Violations = violations;

    public int Endpoints { get; private init; }

    /// <summary>Events in the picture.</summary>
    public int Committed { get; private init; }

    /// <summary>Of these.</summary>
    public int Received { get; private init; }

    public int ReceivedTwice { get; private init; }

    public int Requests { get; private init; }

    /// <summary>From the picture until all of it was told.</summary>
    public TimeSpan Behind { get; private init; }

    public IReadOnlyList<string> Violations { get; }

    /// <param name="within">For what a sender that died had not told yet.</param>
    public static async Task<HookCheck> TakeAsync(
        HookReceiver receiver,
        LedgerPicture picture,
        InstalledLedger ledger,
        TimeSpan within
    )
    {
        var watch = Stopwatch.StartNew();
        var events = picture.Events.SelectMany(e => e).ToList();
        List<EventRow> missing;
        while ((missing = Missing()).Count > 0 && watch.Elapsed < within)
        {
            await Task.Delay(100);
        }

        var behind = watch.Elapsed;
        // Told first, then the ledger: what it does not hold now was never committed.
        var told = receiver.Told.ToList();
        var held = (await ledger.QueryAsync<(Guid Tenant, Guid Id)>("SELECT tenant_id, id FROM events")).ToHashSet();
        var violations = missing
            .Select(e => $"g: event {e.Id} ({e.Type} of delivery {e.DeliveryId}) is in the ledger and was not told")
            .Concat(
                from heard in told
                where !held.Contains((heard.Tenant, heard.Id))
                select $"g: event {heard.Id} was told to {heard.Tenant} and is not in the ledger"
            )
            .Concat(
                from row in picture.Deliveries
                from number in Enumerable.Range(1, row.Sequence)
                where !receiver.Has(row.DeliveryId, number)
                select $"g: {row.Subject} is at {row.Sequence} and was told no event {number}"
            )
            .Concat(receiver.Complaints)
            .ToList();
        return new HookCheck(violations)
        {
            Endpoints = told.Select(t => t.Tenant).Distinct().Count(),
            Committed = events.Count,
            Received = events.Count - missing.Count,
            ReceivedTwice = told.Count(t => t.Times > 1),
            Requests = receiver.Requests,
            Behind = behind,
        };

        List<EventRow> Missing() => events.FindAll(e => !receiver.Has(e.TenantId, e.Id));
    }
}
