namespace Gateway.Webhooks.Outbound;

/// <summary>The subscriptions that this replica works for. Touched by the dispatcher's loop only.</summary>
internal sealed class EndpointSet
{
    private readonly Dictionary<Guid, Endpoint> owned = [];

    public IReadOnlyCollection<Endpoint> All => owned.Values;

    public IReadOnlyList<(Guid Id, long Version, long Fence)> Known() =>
        [.. owned.Values.Select(e => (e.Config.Id, e.Config.Version, e.Fence))];

    /// <summary>Makes the set what the ledger says it is.</summary>
    public void Apply(IReadOnlySet<Guid> mine, IReadOnlyList<OwnedSubscription> changed)
    {
        foreach (var id in owned.Keys.Where(id => !mine.Contains(id)).ToList())
        {
            owned.Remove(id);
        }

        foreach (var (config, fence, place, health, _, parked) in changed)
        {
            if (owned.TryGetValue(config.Id, out var known) && known.Fence == fence)
            {
                known.Change(config);
                known.Parked = parked;
            }
            else
            {
                owned[config.Id] = new Endpoint(config, fence, place, health) { Parked = parked };
            }
        }
    }

    /// <summary>Somebody else has it, or nobody: what is under way for it ends without a trace in its place.</summary>
    public void Drop(Endpoint endpoint)
    {
        if (IsMine(endpoint))
        {
            owned.Remove(endpoint.Config.Id);
        }
    }

    public bool IsMine(Endpoint endpoint) =>
        owned.TryGetValue(endpoint.Config.Id, out var known) && ReferenceEquals(known, endpoint);

    public Endpoint? Find(Guid id) => owned.GetValueOrDefault(id);

    /// <summary>So many more than its share; the idlest first.</summary>
    public void ReleaseSome(int count)
    {
        var more = count - owned.Values.Count(e => e.IsReleasing);
        foreach (var endpoint in owned.Values.Where(e => !e.IsReleasing).OrderBy(e => e.InFlight).Take(more))
        {
            endpoint.IsReleasing = true;
        }
    }

    /// <summary>What waits for another try, counted in the ledger.</summary>
    public void SetParked(IReadOnlyDictionary<Guid, int> counted)
    {
        foreach (var endpoint in owned.Values)
        {
            endpoint.Parked = counted.GetValueOrDefault(endpoint.Config.Id);
        }
    }

    public OutboundFigures Figures(DateTimeOffset now)
    {
        var active = owned.Values.Where(e => e.Config.IsActive).ToList();
        var resting = active.Count(e => e.Health.IsOpen || e.Health.IsResting(now));
        return new OutboundFigures(
            new Dictionary<string, int>
            {
                ["flowing"] = active.Count - resting,
                ["failing"] = resting,
                ["stopped"] = owned.Count - active.Count,
            },
            active.Select(e => e.OldestAt).Min(),
            owned.Values.Sum(e => (long)e.Parked)
        );
    }
}

/// <summary>What the gauges show of this replica.</summary>
/// <param name="Endpoints">By state: flowing, failing or stopped.</param>
/// <param name="OldestAt">Of the events that were read and not yet settled.</param>
/// <param name="Waiting">Events that wait for another try.</param>
internal sealed record OutboundFigures(
    IReadOnlyDictionary<string, int> Endpoints,
    DateTimeOffset? OldestAt,
    long Waiting
);
