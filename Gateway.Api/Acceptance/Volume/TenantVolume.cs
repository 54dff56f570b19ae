using Gateway.Tenants;

namespace Gateway.Api.Acceptance.Volume;

/// <summary>
/// The recipients of one tenant in the running hour: what the ledger said of all replicas, and on top of it this
/// replica's own that the ledger has not got yet.
/// </summary>
internal sealed class TenantVolume
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private readonly Lock gate = new();
    private readonly Dictionary<DateTimeOffset, HourCount> unwritten = [];
    private DateTimeOffset hour;
    private long inLedger;
    private long own;
    private long before;

    public TenantVolume(SendingHistory? history)
    {
        if (history is not null)
        {
            (hour, inLedger, before) = (history.Hour, history.Fresh, history.FreshBefore);
        }
    }

    /// <summary>Counts a message, and says whether its newcomer is over what is usual with it.</summary>
    /// <param name="most">Recipients in an hour.</param>
    public VolumeTicket Take(DateTimeOffset now, int recipients, Newcomer? newcomer, string key, long most)
    {
        lock (gate)
        {
            Roll(now);
            var count = CountOf(hour);
            if (newcomer is null)
            {
                count.Recipients += recipients;
                return new VolumeTicket(hour, recipients, IsFresh: false, IsHeld: false);
            }

            own += recipients;
            count.Fresh += recipients;
            var fresh = InAnHour(now);
            if (fresh <= most)
            {
                return new VolumeTicket(hour, recipients, IsFresh: true, IsHeld: false);
            }

            count.Held += recipients;
            count.Last = new UnusualVolume(key, newcomer.Network, fresh, most);
            return new VolumeTicket(hour, recipients, IsFresh: true, IsHeld: true);
        }
    }

    /// <summary>The message was not stored: it never was.</summary>
    public void GiveBack(VolumeTicket ticket)
    {
        lock (gate)
        {
            // Below zero where it is written already: the next write takes it back there.
            var count = CountOf(ticket.Hour);
            if (!ticket.IsFresh)
            {
                count.Recipients -= ticket.Recipients;
                return;
            }

            count.Fresh -= ticket.Recipients;
            count.Held -= ticket.IsHeld ? ticket.Recipients : 0;
            own -= ticket.Hour == hour ? ticket.Recipients : 0;
        }
    }

    /// <summary>Takes what the ledger has not got; whoever cannot write it calls <see cref="PutBack"/>.</summary>
    public IReadOnlyList<(DateTimeOffset Hour, HourCount Count)> TakeUnwritten()
    {
        lock (gate)
        {
            var taken = unwritten.Select(u => (u.Key, u.Value)).ToArray();
            unwritten.Clear();
            return taken;
        }
    }

    public void PutBack(DateTimeOffset of, HourCount count)
    {
        lock (gate)
        {
            CountOf(of).Add(count);
        }
    }

    /// <summary>What was taken is in the ledger now, and the ledger's sum of all replicas is this.</summary>
    public void Written(DateTimeOffset of, HourCount count, long fresh)
    {
        lock (gate)
        {
            if (of == hour)
            {
                inLedger = fresh;
                own -= count.Fresh;
            }
            else if (of == hour - Hour)
            {
                before = fresh;
            }
        }
    }

    /// <summary>True where nothing of it would be missed.</summary>
    public bool IsIdle(DateTimeOffset now)
    {
        lock (gate)
        {
            return unwritten.Count == 0 && hour < now - (2 * Hour);
        }
    }

    /// <summary>Of the hour before as much as the last 60 minutes still reach into it.</summary>
    private long InAnHour(DateTimeOffset now) =>
        inLedger + own + (long)(before * Math.Clamp((hour + Hour - now) / Hour, 0, 1));

    private void Roll(DateTimeOffset now)
    {
        var present = new DateTimeOffset(now.UtcTicks - (now.UtcTicks % Hour.Ticks), TimeSpan.Zero);
        // A clock that went back keeps the newest hour.
        if (present <= hour)
        {
            return;
        }

        before = present == hour + Hour ? inLedger + own : 0;
        (hour, inLedger, own) = (present, 0, 0);
    }

    private HourCount CountOf(DateTimeOffset of) =>
        unwritten.TryGetValue(of, out var count) ? count : unwritten[of] = new HourCount();
}

/// <summary>Where a message was counted, for giving it back.</summary>
internal sealed record VolumeTicket(DateTimeOffset Hour, int Recipients, bool IsFresh, bool IsHeld);

/// <summary>Recipients of one hour that the ledger has not got yet.</summary>
internal sealed class HourCount
{
    public long Recipients { get; set; }
    public long Fresh { get; set; }
    public long Held { get; set; }

    /// <summary>The last one that was over; null where none was.</summary>
    public UnusualVolume? Last { get; set; }

    public void Add(HourCount other)
    {
        Recipients += other.Recipients;
        Fresh += other.Fresh;
        Held += other.Held;
        Last ??= other.Last;
    }
}

/// <param name="Recipients">By new keys from new networks within an hour, when this one was held.</param>
/// <param name="Most">What would have passed.</param>
internal sealed record UnusualVolume(string Key, SourceNetwork Network, long Recipients, long Most);
