using Gateway.Ledger;
using SystemTests.Sink;

namespace SystemTests.History;

/// <summary>
/// Judges a run: what the producers were told, what the sinks kept, and what the ledger says must be one story. Each
/// violation is a sentence.
/// </summary>
internal sealed class HistoryCheck(AnswerLog answers, SinkLog sinks, LedgerPicture ledger)
{
    private static readonly TimeSpan StuckAfter = TimeSpan.FromSeconds(120);

    private readonly ILookup<string, Answer> asked = answers.Answers.ToLookup(a => a.Key, StringComparer.Ordinal);
    private readonly ILookup<string, Receipt> kept = sinks.Receipts.ToLookup(r => r.Key, StringComparer.Ordinal);

    /// <summary>What was kept before the picture was taken: of that the ledger must know already.</summary>
    private readonly ILookup<string, Receipt> keptBefore = sinks
        .Receipts.Where(r => r.At < ledger.At)
        .ToLookup(r => r.Key, StringComparer.Ordinal);

    private readonly ILookup<string, DeliveryRow> rows = ledger.Deliveries.ToLookup(
        d => d.Subject,
        StringComparer.Ordinal
    );

    public int Keys => asked.Count;

    public int AcknowledgedKeys => asked.Count(k => k.Any(a => a.IsAcknowledged));

    /// <summary>Deliveries that a sink kept more than once.</summary>
    public IEnumerable<DeliveryRow> Duplicates => ledger.Deliveries.Where(d => keptBefore[d.Subject].Skip(1).Any());

    public IEnumerable<string> Violations() =>
        AcknowledgedIsThere()
            .Concat(RefusedIsNotDelivered())
            .Concat(OneMessageAKey())
            .Concat(DuplicatesAreDeclared())
            .Concat(EventsAreALawfulPath())
            .Concat(SumsAreExact())
            .Concat(NothingIsStuck())
            .Concat(NoPathFaultIsABounce())
            .Concat(WhatIsSentWasKept());

    /// <summary>(a), I1: every acknowledged key is at rest, or in flight with a reason.</summary>
    private IEnumerable<string> AcknowledgedIsThere()
    {
        var byMessage = ledger.Deliveries.ToLookup(d => d.MessageId);
        foreach (var answer in answers.Answers.Where(a => a.IsAcknowledged))
        {
            if (byMessage[answer.Message!.Value].FirstOrDefault() is not { } row)
            {
                yield return $"I1: {answer.Key} was acknowledged as {answer.Message} and is not in the ledger";
            }
            else if (!IsAtRest(row) && row.WaitingFor is null)
            {
                yield return $"a: {answer.Key} is {row.State} and waits for nothing";
            }
        }
    }

    /// <summary>(b), I9: a body that was only ever answered 4xx is not delivered.</summary>
    private IEnumerable<string> RefusedIsNotDelivered()
    {
        var refused = answers
            .Answers.GroupBy(a => (a.Key, a.BodyHash))
            .Where(body => body.All(a => a.IsRefused))
            .Select(body => body.Key);
        foreach (var (key, hash) in refused)
        {
            if (kept[key].Any(r => r.BodyHash == hash))
            {
                yield return $"I9: a body of {key} was only refused, and was delivered";
            }
        }
    }

    /// <summary>I9: per key one message, one id in all answers, and the accepted body at the sinks.</summary>
    private IEnumerable<string> OneMessageAKey()
    {
        foreach (var key in rows.Where(r => r.Count() > 1))
        {
            yield return $"I9: {key.Key} is {key.Count()} deliveries";
        }

        foreach (var key in asked)
        {
            var acknowledged = key.Where(a => a.IsAcknowledged).ToArray();
            if (acknowledged.Select(a => a.Message).Distinct().Count() > 1)
            {
                yield return $"I9: {key.Key} was acknowledged with several ids";
            }

            if (acknowledged.Length > 0 && kept[key.Key].Any(r => acknowledged.All(a => a.BodyHash != r.BodyHash)))
            {
                yield return $"I9: {key.Key} was delivered with a body that was not the acknowledged one";
            }
        }

        foreach (var receipt in keptBefore.Where(k => !rows.Contains(k.Key)))
        {
            yield return $"I9: {receipt.Key} was delivered and is not in the ledger";
        }
    }

    /// <summary>(c): a second copy only where the ledger says that it may be.</summary>
    private IEnumerable<string> DuplicatesAreDeclared() =>
        from row in Duplicates
        where !ledger.Events[row.DeliveryId].Any(e => e.Type is "unknown" or "possible_duplicate")
        select $"c: {row.Subject} was kept {kept[row.Subject].Count()} times and the ledger knows nothing of it";

    /// <summary>(d): per delivery a path of the state table without a gap, that ends in the materialised state.</summary>
    private IEnumerable<string> EventsAreALawfulPath()
    {
        foreach (var row in ledger.Deliveries)
        {
            string? folded = null;
            var expected = 1;
            foreach (var step in ledger.Events[row.DeliveryId])
            {
                if (step.Sequence != expected++)
                {
                    yield return $"d: {row.Subject} has event {step.Sequence} where {expected - 1} belongs";
                }

                if (step.State is { } state)
                {
                    if (!DeliveryState.MayFollow(folded, state))
                    {
                        yield return $"d: {row.Subject} went from {folded ?? "nothing"} to {state}";
                    }

                    folded = state;
                }
            }

            if (folded != row.State || expected - 1 != row.Sequence)
            {
                yield return $"d: {row.Subject} is {row.State} at {row.Sequence}, its events say {folded} at {expected - 1}";
            }
        }
    }

    /// <summary>(e), I2: accepted = sum over the states; the queue holds exactly what is not at rest.</summary>
    private IEnumerable<string> SumsAreExact()
    {
        var sums = ledger.Deliveries.GroupBy(d => d.TenantId).ToDictionary(t => t.Key, t => (long)t.Count());
        foreach (var (tenant, accepted) in ledger.Accepted)
        {
            if (sums.GetValueOrDefault(tenant) != accepted)
            {
                yield return $"I2: tenant {tenant} had {accepted} accepted and has {sums.GetValueOrDefault(tenant)}";
            }
        }

        var queued = ledger.Due.Select(d => d.DeliveryId).ToHashSet();
        foreach (var row in ledger.Deliveries.Where(d => IsAtRest(d) == queued.Contains(d.DeliveryId)))
        {
            yield return $"I2: {row.Subject} is {row.State} and is {(IsAtRest(row) ? "" : "not ")}in the queue";
        }

        if (queued.Count != ledger.Due.Count || queued.Except(ledger.Deliveries.Select(d => d.DeliveryId)).Any())
        {
            yield return "I2: the queue has rows of no delivery";
        }
    }

    /// <summary>(h): no row is held by a lease that ended long ago.</summary>
    private IEnumerable<string> NothingIsStuck() =>
        from row in ledger.Due
        where row.LeaseAge > StuckAfter
        select $"h: delivery {row.DeliveryId} is leased since {row.LeaseAge} too long";

    /// <summary>I3: only who does not exist bounces, and nothing expires.</summary>
    private IEnumerable<string> NoPathFaultIsABounce() =>
        from row in ledger.Deliveries
        where
            row.State
                is DeliveryState.Expired
                    or DeliveryState.Held
                    or DeliveryState.Cancelled
                    or DeliveryState.Suppressed
            || (row.State == DeliveryState.Bounced && !answers.Gone.ContainsKey(row.Subject))
        select $"I3: {row.Subject} is {row.State}({row.Cause})";

    /// <summary>What the ledger calls sent, a sink has; and no oftener than it was tried.</summary>
    private IEnumerable<string> WhatIsSentWasKept()
    {
        foreach (var row in ledger.Deliveries)
        {
            if (row.State == DeliveryState.Sent && !kept.Contains(row.Subject))
            {
                yield return $"sent: {row.Subject} is sent and no sink has it";
            }

            var copies = keptBefore[row.Subject].Count();
            if (copies > row.Attempts)
            {
                yield return $"sent: {row.Subject} was tried {row.Attempts} times and kept {copies} times";
            }
        }
    }

    private static bool IsAtRest(DeliveryRow row) => row.State == DeliveryState.Sent || DeliveryState.IsEnd(row.State);
}
