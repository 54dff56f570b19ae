namespace Gateway.Throttling;

/// <summary>
/// Limits without Redis: each replica has its part of them, never all and never nothing. Also remembers what Redis said
/// last, for that day and for the headers.
/// </summary>
internal sealed class LocalRule(int replicas, TimeProvider clock)
{
    /// <summary>About 20 MB; beyond it those that nobody used for a window are forgotten.</summary>
    private const int MostLimits = 100_000;

    private readonly Lock gate = new();
    private readonly Dictionary<string, LocalWindow> windows = new(StringComparer.Ordinal);

    /// <summary>Units that were let pass without Redis, to be counted there when it is back.</summary>
    private readonly Dictionary<string, long> owed = new(StringComparer.Ordinal);

    private double Now => clock.GetTimestamp() * 1000.0 / clock.TimestampFrequency;

    public void Observe(IReadOnlyList<ThrottleLimit> limits, IReadOnlyList<LimitUse> uses)
    {
        lock (gate)
        {
            for (var i = 0; i < limits.Count; i++)
            {
                Find(limits[i]).Observe(uses[i].Used, uses[i].OpensIn, Now);
            }
        }
    }

    /// <summary>Null where this replica has not heard of the limit within its window.</summary>
    public (long Used, TimeSpan OpensIn)? Known(ThrottleLimit limit)
    {
        lock (gate)
        {
            return
                windows.TryGetValue(limit.Key, out var window) && Now - window.KnownAt < limit.Window.TotalMilliseconds
                ? (window.Known + window.Total, window.KnownOpensIn)
                : null;
        }
    }

    /// <param name="owes">True where Redis shall count it later.</param>
    public Decision Decide(IReadOnlyList<ThrottleLimit> limits, ThrottleRequest request, bool owes = true)
    {
        lock (gate)
        {
            var now = Now;
            foreach (var charge in request.Charges)
            {
                var limit = limits[charge.Limit];
                var window = Find(limit);
                if (!limit.Waits && !window.Fits(limit, charge.Units, replicas, now))
                {
                    var opens = limit.Kind == ThrottleKind.Month ? TimeSpan.Zero : window.OpensIn(limit, now);
                    return new Decision.Refused(charge.Limit, opens);
                }
            }

            List<Turn>? turns = null;
            foreach (var charge in request.Charges)
            {
                var limit = limits[charge.Limit];
                var window = Find(limit);
                if (window.Fits(limit, charge.Units, replicas, now))
                {
                    window.Add(charge.Units, now);
                }
                else
                {
                    (turns ??= []).Add(window.Reserve(limit, charge.Limit, charge.Units, replicas, now));
                }

                if (owes)
                {
                    owed[limit.Key] = owed.GetValueOrDefault(limit.Key) + charge.Units;
                }
            }

            return new Decision.Admitted(turns ?? []);
        }
    }

    /// <summary>Whether all of the request fits this replica's part; counted if so. For the time after Redis forgot.</summary>
    public bool TryTake(IReadOnlyList<ThrottleLimit> limits, ThrottleRequest request)
    {
        lock (gate)
        {
            var now = Now;
            if (!request.Charges.All(c => Find(limits[c.Limit]).Fits(limits[c.Limit], c.Units, replicas, now)))
            {
                return false;
            }

            foreach (var charge in request.Charges)
            {
                Find(limits[charge.Limit]).Add(charge.Units, now);
            }

            return true;
        }
    }

    public void GiveBack(IReadOnlyList<ThrottleLimit> limits, ThrottleRequest request)
    {
        lock (gate)
        {
            foreach (var charge in request.Charges)
            {
                Find(limits[charge.Limit]).Remove(charge.Units);
                Pay(limits[charge.Limit].Key, charge.Units);
            }
        }
    }

    /// <summary>What Redis has yet to hear of these limits; it is no longer remembered here.</summary>
    public ThrottleRequest? TakeOwed(IReadOnlyList<ThrottleLimit> limits)
    {
        lock (gate)
        {
            if (owed.Count == 0)
            {
                return null;
            }

            var charges = new List<Charge>();
            for (var i = 0; i < limits.Count; i++)
            {
                if (owed.Remove(limits[i].Key, out var units))
                {
                    charges.Add(new Charge(i, units));
                }
            }

            return charges.Count == 0 ? null : new ThrottleRequest(charges, Forced: true);
        }
    }

    public void Owe(IReadOnlyList<ThrottleLimit> limits, ThrottleRequest owing)
    {
        lock (gate)
        {
            foreach (var charge in owing.Charges)
            {
                var key = limits[charge.Limit].Key;
                owed[key] = owed.GetValueOrDefault(key) + charge.Units;
            }
        }
    }

    private void Pay(string key, long units)
    {
        if (owed.TryGetValue(key, out var had))
        {
            owed[key] = Math.Max(0, had - units);
        }
    }

    private LocalWindow Find(ThrottleLimit limit)
    {
        if (!windows.TryGetValue(limit.Key, out var window))
        {
            if (windows.Count >= MostLimits)
            {
                Forget();
            }

            windows[limit.Key] = window = new LocalWindow();
        }

        return window;
    }

    /// <summary>The older half: what they knew comes back with their next use.</summary>
    private void Forget()
    {
        foreach (var key in windows.OrderBy(w => w.Value.TouchedAt).Take(MostLimits / 2).Select(w => w.Key).ToArray())
        {
            windows.Remove(key);
            owed.Remove(key);
        }
    }
}
