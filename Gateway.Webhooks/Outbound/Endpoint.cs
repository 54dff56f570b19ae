namespace Gateway.Webhooks.Outbound;

/// <summary>
/// A subscription that this replica works for. Touched by the dispatcher's loop only. New events come in the ledger's
/// order and end in any; the place that is stored is the end of those settled without a gap.
/// </summary>
internal sealed class Endpoint(SubscriptionConfig config, long fence, EventPlace place, EndpointHealth health)
{
    /// <summary>Events beyond the oldest unsettled one: what a crash tells again, and what one hanging request may hold.</summary>
    private const int MostAhead = 1_000;

    /// <summary>With fewer than this read and waiting, more are read.</summary>
    private const int ReadBelow = 32;

    /// <summary>So many wait for another try: new ones stay in the ledger.</summary>
    private const int MostParked = 10_000;

    private readonly Queue<Slot> window = new();
    private readonly Queue<Outgoing> fresh = new();
    private readonly Queue<Outgoing> due = new();

    // Events whose rows in webhook_waiting are in memory, on their way, or not yet changed.
    private readonly HashSet<Guid> taken = [];
    private bool dueHadItsTurn;

    public SubscriptionConfig Config { get; private set; } = config;

    public long Fence => fence;

    public EndpointHealth Health { get; set; } = health;

    /// <summary>Up to here events were read.</summary>
    public EventPlace Read { get; private set; } = place;

    /// <summary>Up to here all are settled.</summary>
    public EventPlace Done { get; private set; } = place;

    /// <summary>There is something to store: place or health.</summary>
    public bool IsDirty { get; set; }

    public bool IsReleasing { get; set; }

    public int InFlight { get; private set; }

    /// <summary>The last read was cut off by its limit.</summary>
    public bool HasMore { get; set; }

    /// <summary>A look is under way that began before this endpoint's present queue.</summary>
    public bool IsBeingRead { get; set; }

    /// <summary>Rows in webhook_waiting, as far as is known here.</summary>
    public int Parked { get; set; }

    /// <summary>The last load of waiting rows was cut off by its limit.</summary>
    public bool HasMoreDue { get; set; }

    /// <summary>Results that are not written yet.</summary>
    public int Unwritten { get; set; }

    /// <summary>Nothing is under way and all is stored: another may have it.</summary>
    public bool IsIdle => InFlight == 0 && !IsBeingRead && Unwritten == 0 && !IsDirty;

    public int DueCount => due.Count;

    /// <summary>Bytes of events that wait here, roughly.</summary>
    public long HeldBytes => fresh.Sum(o => o.Size) + due.Sum(o => o.Size);

    /// <summary>When the oldest event happened that was read and is not settled; null where none is.</summary>
    public DateTimeOffset? OldestAt => window.TryPeek(out var slot) ? slot.At : null;

    public bool WantsEvents(DateTimeOffset now) =>
        Config.IsActive
        && !IsReleasing
        && !IsBeingRead
        && fresh.Count < ReadBelow
        && window.Count < MostAhead
        && Parked < MostParked
        // One event is enough to ask whether a failing endpoint is back.
        && (!Health.IsOpen || (fresh.Count == 0 && !Health.IsResting(now)));

    /// <summary>Takes the new wish of the tenant; what waits here for an endpoint that is stopped goes back.</summary>
    public void Change(SubscriptionConfig changed)
    {
        var resumes = changed.IsActive && !Config.IsActive;
        Config = changed;
        if (resumes)
        {
            // The tenant says that it works: all that was counted against it is forgotten.
            (Health, IsDirty) = (new EndpointHealth(0, null, null, Health.SucceededAt, 0, null), true);
        }

        if (!changed.IsActive)
        {
            foreach (var item in due.Where(o => o.Kind != SendKind.Test))
            {
                taken.Remove(item.EventId);
            }

            var tests = due.Where(o => o.Kind == SendKind.Test).ToList();
            due.Clear();
            tests.ForEach(due.Enqueue);
            if (InFlight == 0)
            {
                window.Clear();
                fresh.Clear();
                Read = Done;
            }
        }
    }

    /// <summary>Begins elsewhere: events in between are left out. Only while nothing is read ahead.</summary>
    public void Skip(EventPlace to)
    {
        if (window.Count == 0)
        {
            (Read, Done, IsDirty) = (to, to, true);
        }
    }

    /// <summary>An event past <see cref="Read"/>; with null as <paramref name="wanted"/> it only moves the place.</summary>
    public void Add(Slot slot, Outgoing? wanted)
    {
        Read = slot.Place;
        window.Enqueue(slot);
        if (wanted is null)
        {
            Settle(slot);
        }
        else
        {
            fresh.Enqueue(wanted);
        }
    }

    /// <summary>False where it is in hand already.</summary>
    public bool AddDue(Outgoing item)
    {
        if (!taken.Add(item.EventId))
        {
            return false;
        }

        due.Enqueue(item);
        return true;
    }

    /// <summary>What to send now; null where nothing may be.</summary>
    public Outgoing? Next(DateTimeOffset now, int allowance)
    {
        if (IsReleasing || InFlight >= allowance)
        {
            return null;
        }

        if (!Config.IsActive)
        {
            return due.TryDequeue(out var test) ? Begin(test) : null;
        }

        if (Health.IsOpen || Health.IsResting(now))
        {
            // One at a time asks whether it is back: what is due by its schedule first.
            return InFlight > 0 ? null
                : due.TryDequeue(out var again) ? Begin(again)
                : !Health.IsResting(now) && fresh.TryDequeue(out var one) ? Begin(one)
                : null;
        }

        // By turns: a long replay does not hold up what is new.
        if (due.Count > 0 && (!dueHadItsTurn || fresh.Count == 0))
        {
            dueHadItsTurn = true;
            return Begin(due.Dequeue());
        }

        dueHadItsTurn = false;
        return fresh.TryDequeue(out var next) ? Begin(next) : null;
    }

    /// <summary>It came back; whether it is settled is said apart.</summary>
    public void End() => InFlight--;

    /// <summary>Its row in webhook_waiting is as it should be now.</summary>
    public void LetGo(Guid eventId) => taken.Remove(eventId);

    public void Settle(Slot slot)
    {
        slot.IsSettled = true;
        while (window.TryPeek(out var first) && first.IsSettled)
        {
            (Done, IsDirty) = (first.Place, true);
            window.Dequeue();
        }
    }

    private Outgoing Begin(Outgoing item)
    {
        InFlight++;
        return item;
    }
}
