namespace Gateway.Throttling;

/// <summary>What one limit gave this replica ahead, and how fast it is used. Not safe for several callers at once.</summary>
internal sealed class Allowance(TimeProvider clock)
{
    /// <summary>Units for so long are asked for, at the rate at which they were used last.</summary>
    private const double AheadMilliseconds = 100;

    /// <summary>Only a limit that is used so often within a sample's time gives any: the count of others stays exact.</summary>
    private const int BusyUnits = 32;
    private const double SampleMilliseconds = 50;
    private const double LongestSampleMilliseconds = 500;

    /// <summary>A limit gives at most this part of its cap at once.</summary>
    private const int PartOfCap = 100;

    private AllowanceGrant given;
    private long left;
    private (long Units, double Bucket) unused;
    private long asking;
    private long sampleFrom = clock.GetTimestamp();
    private long sample;
    private double rate;

    /// <summary>Null where less is left, or where its sub-bucket is over.</summary>
    public HeldUnits? TryTake(ThrottleLimit limit, long units, long? lostAt)
    {
        if (units > left || given.At <= lostAt || given.TimeOfRedis(clock) is var now && now >= given.EndsAt)
        {
            return null;
        }

        left -= units;
        sample += units;
        return new HeldUnits(limit, units, given.Bucket, now);
    }

    public void GiveBack(HeldUnits held)
    {
        sample -= held.Units;
        if (held.Bucket == given.Bucket)
        {
            left += held.Units;
        }
        else
        {
            Return(held.Units, held.Bucket);
        }
    }

    public AllowanceAsk Ask(ThrottleLimit limit, long units)
    {
        sample += units;
        Measure();
        if (left > 0 && given.TimeOfRedis(clock) >= given.EndsAt)
        {
            Return(left, given.Bucket);
            left = 0;
        }

        var ahead = Math.Min(AheadMilliseconds, limit.BucketMilliseconds);
        var wanted = Math.Min((long)(rate * ahead), limit.Cap / PartOfCap) - left - asking;
        var ask = new AllowanceAsk(Math.Max(0, wanted), unused.Units, unused.Bucket);
        asking += ask.Wanted;
        unused = default;
        return ask;
    }

    /// <param name="grant">Null where nobody answered.</param>
    public void Answer(AllowanceAsk ask, AllowanceGrant? grant)
    {
        asking -= ask.Wanted;
        if (grant is not { Units: > 0 } fresh)
        {
            return;
        }

        if (left > 0 && fresh.Bucket != given.Bucket)
        {
            Return(left, given.Bucket);
            left = 0;
        }

        (given, left) = (fresh, left + fresh.Units);
    }

    /// <summary>Of several buckets the newest is remembered: the others' units leave the window unused.</summary>
    private void Return(long units, double bucket)
    {
        if (bucket >= unused.Bucket)
        {
            unused = (bucket == unused.Bucket ? unused.Units + units : units, bucket);
        }
    }

    private void Measure()
    {
        var now = clock.GetTimestamp();
        var took = clock.GetElapsedTime(sampleFrom, now).TotalMilliseconds;
        if (took > LongestSampleMilliseconds || (took >= SampleMilliseconds && sample >= BusyUnits))
        {
            rate = took > LongestSampleMilliseconds ? 0 : sample / took;
            (sampleFrom, sample) = (now, 0);
        }
    }
}

/// <summary>Units of one limit that a request was given from what its replica held.</summary>
/// <param name="Bucket">Where Redis counted them, for giving back.</param>
/// <param name="At">Redis' own time, in milliseconds since 1970, or a little later.</param>
internal readonly record struct HeldUnits(ThrottleLimit Limit, long Units, double Bucket, double At);

/// <param name="Wanted">Units to be counted now and used later.</param>
/// <param name="Unused">Units that were counted in <paramref name="Bucket"/> and will not be used.</param>
internal readonly record struct AllowanceAsk(long Wanted, long Unused, double Bucket);

/// <summary>Units that Redis counted ahead.</summary>
/// <param name="At">The replica's steady clock when it asked.</param>
/// <param name="Now">Redis' time when it counted, in milliseconds since 1970.</param>
/// <param name="EndsAt">The end of the bucket by that time.</param>
internal readonly record struct AllowanceGrant(long Units, double Bucket, long At, double Now, double EndsAt)
{
    /// <summary>Never too early: as if Redis had counted in the very moment in which it was asked.</summary>
    public double TimeOfRedis(TimeProvider clock) => Now + clock.GetElapsedTime(At).TotalMilliseconds;
}
