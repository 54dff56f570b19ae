namespace Gateway.Api.Auth.Shield;

/// <summary>
/// Failures of many subjects, each forgotten at a steady rate, in memory that never grows: where there is no place left,
/// the subject that failed longest ago is forgotten whole.
/// </summary>
internal sealed class FailureWindows
{
    private const int Ways = 8;

    /// <summary>Nobody pays for longer than this many failures beyond what is free.</summary>
    public const double MostOver = 20;

    private readonly Slot[] slots;
    private readonly Lock[] locks = [.. Enumerable.Range(0, 64).Select(_ => new Lock())];
    private readonly TimeProvider clock;

    /// <param name="subjects">About how many are remembered; a power of two. Each takes 24 bytes.</param>
    public FailureWindows(int subjects, TimeProvider clock)
    {
        if (!int.IsPow2(subjects) || subjects < Ways)
        {
            throw new ArgumentOutOfRangeException(nameof(subjects), subjects, "a power of two");
        }

        (slots, this.clock) = (new Slot[subjects], clock);
    }

    /// <summary>Counts one more.</summary>
    /// <returns>By how many the subject is beyond what it has free; 0 or less is free.</returns>
    public double Add(ulong subject, FailureAllowance allowance)
    {
        var now = clock.GetTimestamp();
        var first = First(subject);
        lock (LockOf(first))
        {
            ref var slot = ref Find(subject, first);
            var score = slot.Subject == subject ? Left(slot, now, allowance) : 0;
            slot = new Slot(subject, Math.Min(score + 1, allowance.Burst + MostOver), now);
            return slot.Score - allowance.Burst;
        }
    }

    /// <summary>As <see cref="Add"/>, without counting.</summary>
    public double Over(ulong subject, FailureAllowance allowance)
    {
        var first = First(subject);
        lock (LockOf(first))
        {
            ref var slot = ref Find(subject, first);
            return slot.Subject == subject ? Left(slot, clock.GetTimestamp(), allowance) - allowance.Burst : -1;
        }
    }

    private double Left(Slot slot, long now, FailureAllowance allowance) =>
        Math.Max(0, slot.Score - clock.GetElapsedTime(slot.At, now).TotalMinutes * allowance.PerMinute);

    private int First(ulong subject) => (int)(subject % (ulong)(slots.Length / Ways)) * Ways;

    private Lock LockOf(int first) => locks[first / Ways % locks.Length];

    /// <summary>The subject's own place, else that of the one longest silent.</summary>
    private ref Slot Find(ulong subject, int first)
    {
        var oldest = first;
        for (var i = first; i < first + Ways; i++)
        {
            if (slots[i].Subject == subject)
            {
                return ref slots[i];
            }

            oldest = slots[i].At < slots[oldest].At ? i : oldest;
        }

        return ref slots[oldest];
    }

    private readonly record struct Slot(ulong Subject, double Score, long At);
}
