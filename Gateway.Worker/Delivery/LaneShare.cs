namespace Gateway.Worker.Delivery;

/// <summary>A lane with due mail: virtual time counts what it was given, divided by its weight.</summary>
/// <param name="IsDrained">It had less than it could have had at the last claim: perhaps there is nothing left.</param>
public readonly record struct Lane(
    Guid TenantId,
    string Stream,
    double VirtualTime,
    double Weight,
    bool IsDrained = false
)
{
    public bool IsTransactional => Stream == "transactional";
}

/// <summary>How many deliveries a lane may be given in this round.</summary>
public readonly record struct LaneQuota(Lane Lane, int Quota);

/// <summary>Shares free slots between lanes (D7): start-time fair queueing, transactional mail with a reserved part.</summary>
public static class LaneShare
{
    /// <summary>Lanes of one claim and stream: enough to fill a worker, few enough for one short statement.</summary>
    public const int MaxLanes = 64;

    /// <summary>This part of the slots goes to transactional lanes first, while they have mail.</summary>
    public const double TransactionalReserve = 0.5;

    /// <summary>One in so many slots asks a drained lane whether it has mail again, while others surely have.</summary>
    private const int ProbeOneIn = 8;

    /// <param name="forBroadcast">Of the free slots at most so many for broadcast lanes.</param>
    public static IReadOnlyList<LaneQuota> Divide(IReadOnlyCollection<Lane> lanes, int free, int forBroadcast)
    {
        if (free <= 0)
        {
            return [];
        }

        var open = forBroadcast > 0 ? lanes : [.. lanes.Where(l => l.IsTransactional)];
        var ready = open.Where(l => !l.IsDrained).ToArray();
        if (ready.Length == 0)
        {
            return Share([.. open], free, forBroadcast);
        }

        var probes = LeastServed(open.Where(l => l.IsDrained), Math.Min(free / ProbeOneIn, forBroadcast));
        var quotas = probes.Select(l => new LaneQuota(l, 1)).ToList();
        var probed = probes.Count(l => !l.IsTransactional);
        quotas.AddRange(Share(ready, free - probes.Length, forBroadcast - probed));
        return quotas;
    }

    private static List<LaneQuota> Share(Lane[] lanes, int free, int forBroadcast)
    {
        var transactional = LeastServed(lanes.Where(l => l.IsTransactional), MaxLanes);
        var broadcast = LeastServed(lanes.Where(l => !l.IsTransactional), MaxLanes);
        var reserved =
            broadcast.Length == 0 ? free
            : transactional.Length == 0 ? 0
            : Math.Max(1, (int)Math.Ceiling(free * TransactionalReserve));
        return [.. Spread(transactional, reserved), .. Spread(broadcast, Math.Min(free - reserved, forBroadcast))];
    }

    private static Lane[] LeastServed(IEnumerable<Lane> lanes, int count) =>
        [.. lanes.OrderBy(l => l.VirtualTime).ThenBy(l => l.TenantId).Take(Math.Min(count, MaxLanes))];

    /// <summary>Equal parts by weight, at least one each, the least served first; what one does not use, the next round gives on.</summary>
    private static List<LaneQuota> Spread(Lane[] lanes, int free)
    {
        var quotas = new List<LaneQuota>(lanes.Length);
        var weights = lanes.Sum(l => l.Weight);
        var left = free;
        foreach (var lane in lanes)
        {
            if (left <= 0)
            {
                break;
            }

            var quota = Math.Min(left, Math.Max(1, (int)Math.Ceiling(free * lane.Weight / weights)));
            quotas.Add(new LaneQuota(lane, quota));
            left -= quota;
        }

        return quotas;
    }
}
