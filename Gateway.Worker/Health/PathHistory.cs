using Gateway.Mail;

namespace Gateway.Worker.Health;

/// <summary>What speaks against believing a refusal.</summary>
public enum Suspicion
{
    None,

    /// <summary>Many others heard the same words on this path.</summary>
    Words,

    /// <summary>The path refuses whatever it is given.</summary>
    Path,
}

/// <summary>What one path answered lately: accepted, put off, or refused with which words, and whose mail that was.</summary>
internal sealed class PathHistory
{
    /// <summary>Alike, on one path, in the window, before the words are frozen.</summary>
    private const int Alike = 10;
    private const double LeastShare = 0.2;
    private const int LeastTenants = 2;

    /// <summary>Refusals in a row before the whole path is suspected: of several tenants, or against what other paths say.</summary>
    private const int InARow = 10;

    /// <summary>In a row before it is suspected whoever sent them, and whenever they came: no list is so bad.</summary>
    private const int TooMany = 50;
    private const int Remembered = 500;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan FrozenFor = TimeSpan.FromMinutes(30);

    private readonly Queue<(DateTimeOffset At, Said Said, string Words, Guid Tenant)> seen = new();
    private readonly Dictionary<string, DateTimeOffset> frozen = new(StringComparer.Ordinal);
    private readonly HashSet<Guid> rowTenants = [];
    private DateTimeOffset rowBegan;
    private (DateTimeOffset From, DateTimeOffset To) badTime;

    /// <summary>Refusals since the path said anything else.</summary>
    public int Row { get; private set; }

    /// <summary>Accepted, ever: whoever waits for news counts from here.</summary>
    public long Accepted { get; private set; }

    /// <summary>A path that takes some, puts them off or loses them does not refuse all that it is given.</summary>
    public void SaidElse(Outcome outcome, Guid tenant, DateTimeOffset now)
    {
        Row = 0;
        rowTenants.Clear();
        if (outcome == Outcome.Accepted)
        {
            Remember(Said.Yes, "", tenant, now);
            Accepted++;
        }
        else if (outcome is Outcome.RecipientTemporary or Outcome.PathThrottled)
        {
            Remember(Said.Later, "", tenant, now);
        }
    }

    /// <param name="otherTakesIt">True where another path took mail of the same tenant in the window, and refused little.</param>
    /// <param name="isFirst">True for the one that brought it up.</param>
    public Suspicion Refuse(
        string signature,
        Guid tenant,
        DateTimeOffset now,
        Func<bool> otherTakesIt,
        bool isJustBack,
        out bool isFirst
    )
    {
        var (inARow, alikes) = isJustBack ? (TooMany, TooMany) : (InARow, Alike);
        Remember(Said.No, signature, tenant, now);
        rowBegan = Row == 0 ? now : rowBegan;
        Row++;
        rowTenants.Add(tenant);
        var wasBad = badTime.To >= rowBegan;
        if (Row >= TooMany || (Row >= inARow && (rowTenants.Count >= LeastTenants || wasBad || otherTakesIt())))
        {
            badTime = (rowBegan, now);
            isFirst = !wasBad;
            return Suspicion.Path;
        }

        isFirst = false;
        if (IsFrozen(signature, now))
        {
            frozen[signature] = now + FrozenFor;
            return Suspicion.Words;
        }

        var alike = seen.Where(s => s.Said == Said.No && s.Words == signature).ToArray();
        if (
            alike.Length < alikes
            || alike.Length < LeastShare * seen.Count
            || alike.DistinctBy(s => s.Tenant).Count() < LeastTenants
        )
        {
            return Suspicion.None;
        }

        frozen[signature] = now + FrozenFor;
        isFirst = true;
        return Suspicion.Words;
    }

    /// <summary>What is known by now of a refusal of then.</summary>
    public Suspicion Of(string signature, DateTimeOffset refusedAt, DateTimeOffset now) =>
        (refusedAt >= badTime.From && refusedAt <= badTime.To) || IsOfLongRow(refusedAt) ? Suspicion.Path
        : IsFrozen(signature, now) ? Suspicion.Words
        : Suspicion.None;

    public void Freeze(string signature, DateTimeOffset until)
    {
        if (until > frozen.GetValueOrDefault(signature))
        {
            frozen[signature] = until;
        }
    }

    /// <summary>Takes mail of this tenant as a rule.</summary>
    public bool Takes(Guid tenant, DateTimeOffset now)
    {
        Forget(now);
        var refused = seen.Count(s => s.Said == Said.No);
        return refused <= LeastShare * seen.Count
            && seen.Count(s => s.Said == Said.Yes && s.Tenant == tenant) >= InARow;
    }

    /// <summary>It said nothing else since, not even to what came later.</summary>
    private bool IsOfLongRow(DateTimeOffset refusedAt) =>
        Row >= InARow && rowTenants.Count >= LeastTenants && refusedAt >= rowBegan;

    private bool IsFrozen(string signature, DateTimeOffset now) =>
        frozen.TryGetValue(signature, out var until) && until > now;

    private void Remember(Said said, string words, Guid tenant, DateTimeOffset now)
    {
        seen.Enqueue((now, said, words, tenant));
        Forget(now);
    }

    private void Forget(DateTimeOffset now)
    {
        while (seen.Count > Remembered || (seen.Count > 0 && now - seen.Peek().At > Window))
        {
            seen.Dequeue();
        }
    }

    private enum Said
    {
        Yes,
        Later,
        No,
    }
}
