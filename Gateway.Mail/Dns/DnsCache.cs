using System.Collections.Concurrent;

namespace Gateway.Mail.Dns;

/// <summary>Answers for as long as their zone allows. What nobody could say is never kept.</summary>
internal sealed class DnsCache(TimeProvider clock)
{
    private readonly ConcurrentDictionary<DnsQuestion, Kept> answers = new();

    public int Count => answers.Count;

    public DnsAnswer? Find(DnsQuestion question)
    {
        if (!answers.TryGetValue(question, out var kept))
            return null;

        var left = kept.Ttl - clock.GetElapsedTime(kept.At);
        if (left <= TimeSpan.Zero)
        {
            answers.TryRemove(new(question, kept));
            return null;
        }

        return WithTtl(kept.Answer, left);
    }

    public void Keep(DnsQuestion question, DnsAnswer answer)
    {
        var ttl = answer switch
        {
            DnsAnswer.Found found => Bounded(found.Ttl, DnsLimits.LongestTtl),
            DnsAnswer.NoSuchName none => Bounded(none.Ttl, DnsLimits.LongestNegativeTtl),
            DnsAnswer.NoData none => Bounded(none.Ttl, DnsLimits.LongestNegativeTtl),
            _ => TimeSpan.Zero,
        };
        if (ttl <= TimeSpan.Zero)
        {
            // What was known before is older than this: it may no longer speak.
            if (answer.IsKnown)
                answers.TryRemove(question, out _);
            return;
        }

        if (answers.Count >= DnsLimits.CachedAnswers)
            MakeRoom();
        answers[question] = new Kept(clock.GetTimestamp(), ttl, answer);
    }

    /// <summary>Drops what is over and then any half: rare, and cheaper than an order that every look-up would keep.</summary>
    private void MakeRoom()
    {
        foreach (var (question, kept) in answers)
        {
            if (kept.Ttl <= clock.GetElapsedTime(kept.At))
                answers.TryRemove(new(question, kept));
        }

        if (answers.Count < DnsLimits.CachedAnswers)
            return;
        foreach (var (question, _) in answers.Take(DnsLimits.CachedAnswers / 2))
        {
            answers.TryRemove(question, out _);
        }
    }

    private static DnsAnswer WithTtl(DnsAnswer answer, TimeSpan left) =>
        answer switch
        {
            DnsAnswer.Found found => found with { Ttl = left },
            DnsAnswer.NoSuchName => new DnsAnswer.NoSuchName(left),
            _ => new DnsAnswer.NoData(left),
        };

    private static TimeSpan Bounded(TimeSpan ttl, TimeSpan most) => ttl < most ? ttl : most;

    private sealed record Kept(long At, TimeSpan Ttl, DnsAnswer Answer);
}
