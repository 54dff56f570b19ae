namespace Gateway.Throttling;

/// <summary>
/// Units that Redis counted for this replica before their use, so that most requests of a busy limit ask nobody (D16).
/// They are used within the sub-bucket in which they were counted, so no true window holds more than the cap; and a
/// limit gives them only while it is less than half used, so near its cap every unit is asked for.
/// </summary>
/// <remarks>What dies with the replica stays counted: at most a hundredth of the cap.</remarks>
internal sealed class Allowances(TimeProvider clock)
{
    /// <summary>About 15 MB; beyond it all are forgotten, and counted as used.</summary>
    private const int MostLimits = 100_000;

    private readonly Lock gate = new();
    private readonly Dictionary<string, Allowance> allowances = new(StringComparer.Ordinal);

    /// <param name="lostAt">When Redis last lost its counts: what was given before is worth nothing.</param>
    public HeldUnits? TryTake(ThrottleLimit limit, long units, long? lostAt)
    {
        lock (gate)
        {
            return allowances.GetValueOrDefault(limit.Key)?.TryTake(limit, units, lostAt);
        }
    }

    public void GiveBack(HeldUnits held)
    {
        lock (gate)
        {
            allowances.GetValueOrDefault(held.Limit.Key)?.GiveBack(held);
        }
    }

    /// <param name="units">By limit: what the call itself takes of it.</param>
    public AllowanceAsk[] Ask(IReadOnlyList<ThrottleLimit> limits, long[] units)
    {
        var asks = new AllowanceAsk[limits.Count];
        lock (gate)
        {
            for (var i = 0; i < asks.Length; i++)
            {
                asks[i] = units[i] == 0 ? default : Find(limits[i]).Ask(limits[i], units[i]);
            }
        }

        return asks;
    }

    /// <param name="outcome">Null where Redis did not answer.</param>
    /// <param name="askedAt">The steady clock before the call.</param>
    public void Answer(IReadOnlyList<ThrottleLimit> limits, AllowanceAsk[] asks, ThrottleOutcome? outcome, long askedAt)
    {
        lock (gate)
        {
            for (var i = 0; i < asks.Length; i++)
            {
                if (asks[i] != default)
                {
                    Find(limits[i]).Answer(asks[i], GrantOf(limits[i], i, outcome, askedAt));
                }
            }
        }
    }

    private static AllowanceGrant? GrantOf(ThrottleLimit limit, int place, ThrottleOutcome? outcome, long askedAt)
    {
        if (outcome is null || outcome.Missing.Count > 0)
        {
            return null;
        }

        var use = outcome.Uses[place];
        var end = limit.Kind == ThrottleKind.Month ? double.MaxValue : (use.Bucket + 1) * limit.BucketMilliseconds;
        return new AllowanceGrant(use.Granted, use.Bucket, askedAt, outcome.DecidedAt, end);
    }

    private Allowance Find(ThrottleLimit limit)
    {
        if (!allowances.TryGetValue(limit.Key, out var allowance))
        {
            if (allowances.Count >= MostLimits)
            {
                allowances.Clear();
            }

            allowances[limit.Key] = allowance = new Allowance(clock);
        }

        return allowance;
    }
}
