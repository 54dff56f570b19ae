namespace Gateway.Suppressions;

/// <summary>Soft failures of one address in a row.</summary>
public readonly record struct SoftRun(int Failures, DateTimeOffset First, DateTimeOffset Last);

/// <summary>A suppression to be written.</summary>
public sealed record NewSuppression(
    AddressFact Fact,
    string Stream,
    string Reason,
    DateTimeOffset At,
    DateTimeOffset? ExpiresAt
);

/// <summary>What a row of events, in their order, changes for one address of a tenant; pure.</summary>
public sealed class AddressChanges(SoftRun? run, SuppressionOptions options)
{
    private readonly Dictionary<string, NewSuppression> suppressions = new(StringComparer.Ordinal);

    /// <summary>As it is afterwards; null where the last thing known is that mail arrives.</summary>
    public SoftRun? Run { get; private set; } = run;

    /// <summary>Mail arrived then: automatic suppressions from before are wrong.</summary>
    public DateTimeOffset? HealedAt { get; private set; }

    public IReadOnlyCollection<NewSuppression> Suppressions => suppressions.Values;

    public void Apply(AddressFact fact)
    {
        switch (SuppressionRules.Decide(fact, options))
        {
            case AddressNews.Arrived:
                Heal(fact.At);
                break;
            case AddressNews.Failed:
                Fail(fact);
                break;
            case AddressNews.Suppress { Reason: var reason, Streams: var streams, For: var lasts }:
                Suppress(fact, reason, streams, fact.At + lasts);
                break;
        }
    }

    // Events come late and out of order: only what is older than the arrival is disproved by it.
    private void Heal(DateTimeOffset at)
    {
        HealedAt = at > HealedAt || HealedAt is null ? at : HealedAt;
        Run = Run?.Last < at ? null : Run;
        foreach (var (stream, made) in suppressions)
        {
            if (SuppressionReason.IsAutomatic(made.Reason) && made.At < at)
            {
                suppressions.Remove(stream);
            }
        }
    }

    private void Fail(AddressFact fact)
    {
        var (failures, first, last) = Run ?? new SoftRun(0, fact.At, fact.At);
        (first, last) = (fact.At < first ? fact.At : first, fact.At > last ? fact.At : last);
        Run = new SoftRun(failures + 1, first, last);
        if (failures + 1 >= options.SoftBounces && last - first >= options.SoftBounceOver)
        {
            Suppress(fact, SuppressionReason.SoftBounce, SuppressionRules.Streams, fact.At + options.SoftBounceFor);
        }
    }

    private void Suppress(AddressFact fact, string reason, IReadOnlyList<string> streams, DateTimeOffset? until)
    {
        foreach (var stream in streams)
        {
            if (
                !suppressions.TryGetValue(stream, out var made)
                || SuppressionReason.Rank(reason) >= SuppressionReason.Rank(made.Reason)
            )
            {
                suppressions[stream] = new NewSuppression(fact, stream, reason, fact.At, until);
            }
        }
    }
}
