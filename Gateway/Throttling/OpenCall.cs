namespace Gateway.Throttling;

/// <summary>The part of a call that Redis must decide: the limits of which this replica does not hold enough.</summary>
internal sealed class OpenCall
{
    private const int NotAsked = -1;
    private readonly IReadOnlyList<ThrottleLimit> all;
    private readonly IReadOnlyList<ThrottleRequest> whole;
    private readonly HeldUnits?[] held;

    /// <summary>By place in the whole call: the place in this one.</summary>
    private readonly int[] places;
    private readonly List<int> asked = [];

    public OpenCall(
        IReadOnlyList<ThrottleLimit> limits,
        IReadOnlyList<ThrottleRequest> requests,
        Allowances allowances,
        long? lostAt
    )
    {
        (all, whole) = (limits, requests);
        held = new HeldUnits?[limits.Count];
        places = new int[limits.Count];
        var units = new long[limits.Count];
        foreach (var request in requests)
        {
            foreach (var charge in request.Charges)
            {
                units[charge.Limit] += charge.Units;
            }
        }

        for (var i = 0; i < units.Length; i++)
        {
            held[i] = units[i] == 0 ? null : allowances.TryTake(limits[i], units[i], lostAt);
        }

        for (var i = 0; i < units.Length; i++)
        {
            places[i] = NotAsked;
            if ((units[i] > 0 && held[i] is null) || DecidesWith(i, units))
            {
                places[i] = asked.Count;
                asked.Add(i);
            }
        }

        Limits = asked.Count == limits.Count ? limits : [.. asked.Select(i => limits[i])];
        Requests = held.All(h => h is null) ? requests : [.. requests.Select(Open)];
        Units = [.. asked.Select(i => held[i] is null ? units[i] : 0)];
    }

    public IReadOnlyList<ThrottleLimit> Limits { get; }

    public IReadOnlyList<ThrottleRequest> Requests { get; }

    /// <summary>By limit of this call: what its requests take together.</summary>
    public long[] Units { get; }

    /// <summary>The whole call's outcome; what refused requests held goes back.</summary>
    /// <param name="open">Of this call; null where nothing was asked, as everything is held.</param>
    public ThrottleOutcome Whole(ThrottleOutcome? open, Allowances allowances)
    {
        if (open is { Missing.Count: > 0 })
        {
            GiveBack(allowances);
            return open with { Missing = [.. open.Missing.Select(place => asked[place])] };
        }

        var decisions = new Decision[whole.Count];
        for (var i = 0; i < decisions.Length; i++)
        {
            decisions[i] = open is null ? Decision.AdmittedNow : Renumber(open.Decisions[i]);
            if (decisions[i] is Decision.Refused)
            {
                GiveBack(whole[i], allowances);
            }
        }

        var uses = new LimitUse[all.Count];
        for (var i = 0; i < uses.Length; i++)
        {
            var use = places[i] == NotAsked ? default : open!.Uses[places[i]];
            uses[i] = held[i] is { } units ? use with { Bucket = units.Bucket } : use;
        }

        var at = open?.DecidedAt ?? held.Max(h => h?.At ?? 0);
        return new ThrottleOutcome(decisions, uses, [], Local: false) { DecidedAt = at };
    }

    public void GiveBack(Allowances allowances)
    {
        foreach (var units in held)
        {
            if (units is { } some)
            {
                allowances.GiveBack(some);
            }
        }
    }

    private void GiveBack(ThrottleRequest refused, Allowances allowances)
    {
        foreach (var charge in refused.Charges)
        {
            if (held[charge.Limit] is { } some)
            {
                allowances.GiveBack(some with { Units = charge.Units });
            }
        }
    }

    /// <summary>One half of a limit by stream is decided with the other.</summary>
    private bool DecidesWith(int place, long[] units)
    {
        for (var i = 0; all[place].OtherKey is { } other && i < units.Length; i++)
        {
            if (units[i] > 0 && held[i] is null && all[i].Key == other)
            {
                return true;
            }
        }

        return false;
    }

    private ThrottleRequest Open(ThrottleRequest request) =>
        request with
        {
            Charges =
            [
                .. request.Charges.Where(c => held[c.Limit] is null).Select(c => c with { Limit = places[c.Limit] }),
            ],
        };

    private Decision Renumber(Decision decision) =>
        decision switch
        {
            Decision.Refused refused => refused with { Limit = asked[refused.Limit] },
            Decision.Admitted { Turns.Count: > 0 } admitted => new Decision.Admitted([
                .. admitted.Turns.Select(t => t with { Limit = asked[t.Limit] }),
            ]),
            _ => decision,
        };
}
