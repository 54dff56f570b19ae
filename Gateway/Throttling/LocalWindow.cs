namespace Gateway.Throttling;

/// <summary>
/// One limit as this replica alone counts it, in tenths of its window; and what Redis last said of it.
/// </summary>
internal sealed class LocalWindow
{
    private const int Buckets = 11;
    private readonly long[] counts = new long[Buckets];
    private long head;
    private double clock;

    public long Known { get; private set; }

    /// <summary>Milliseconds of the replica's steady clock; very old where Redis never said anything.</summary>
    public double KnownAt { get; private set; } = double.NegativeInfinity;

    public TimeSpan KnownOpensIn { get; private set; }

    public long Total { get; private set; }

    public double TouchedAt { get; private set; }

    public void Observe(long used, TimeSpan opensIn, double now) =>
        (Known, KnownOpensIn, KnownAt, TouchedAt) = (used, opensIn, now, now);

    /// <summary>
    /// This replica's part: of what was left when Redis last spoke, until that is a window ago; of the cap afterwards.
    /// At least one, so that nobody is shut out.
    /// </summary>
    public long Share(ThrottleLimit limit, int replicas, double now)
    {
        var left = limit.OwnCap - (now - KnownAt < limit.Window.TotalMilliseconds ? Known : 0);
        return Math.Max(1, left / replicas);
    }

    public bool Fits(ThrottleLimit limit, long units, int replicas, double now)
    {
        Roll(limit, now);
        if (clock > now)
        {
            return false;
        }

        var share = Share(limit, replicas, now);
        // What is larger than a part goes alone, where the whole would have room for it.
        return Total + units <= share || (Total == 0 && units <= limit.OwnCap && share >= limit.OwnCap / replicas);
    }

    public void Add(long units, double now)
    {
        (Total, TouchedAt) = (Total + units, now);
        counts[head % Buckets] += units;
    }

    public void Remove(long units)
    {
        var back = Math.Min(units, counts[head % Buckets]);
        counts[head % Buckets] -= back;
        Total -= back;
    }

    /// <summary>When there is room again, in milliseconds from now.</summary>
    public TimeSpan OpensIn(ThrottleLimit limit, double now) =>
        TimeSpan.FromMilliseconds(Math.Max(limit.Window.TotalMilliseconds / 10, clock - now));

    /// <summary>Turns at the pace of this replica's part, a whole window after what it let pass before.</summary>
    public Turn Reserve(ThrottleLimit limit, int place, long units, int replicas, double now)
    {
        var step = limit.Window.TotalMilliseconds / Share(limit, replicas, now);
        var first = Math.Max(clock, now + limit.Window.TotalMilliseconds);
        (clock, TouchedAt) = (first + (units * step), now);
        return new Turn(place, TimeSpan.FromMilliseconds(first - now), TimeSpan.FromMilliseconds(step), First: 0);
    }

    private void Roll(ThrottleLimit limit, double now)
    {
        var bucket = (long)(now / (limit.Window.TotalMilliseconds / (Buckets - 1)));
        for (var b = Math.Max(head + 1, bucket - Buckets + 1); b <= bucket; b++)
        {
            Total -= counts[b % Buckets];
            counts[b % Buckets] = 0;
        }

        head = Math.Max(head, bucket);
    }
}
