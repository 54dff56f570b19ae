namespace Gateway.Worker.Delivery;

/// <summary>A lane with due mail: virtual time counts what it was given, divided by its weight.</summary>
public readonly record struct Lane(Guid TenantId, string Stream, double VirtualTime, double Weight);

/// <summary>How many deliveries a lane may be given in this round.</summary>
public readonly record struct LaneQuota(Lane Lane, int Quota);

/// <summary>Shares free slots between lanes (D7): start-time fair queueing, transactional mail with a reserved part.</summary>
public static class LaneShare
{
    /// <summary>Lanes of one claim: enough to fill a worker, few enough for one short statement.</summary>
    public const int MaxLanes = 64;

    /// <summary>This part of the slots goes to transactional lanes first, while they have mail.</summary>
    public const double TransactionalReserve = 0.5;

    public static IReadOnlyList<LaneQuota> Divide(IReadOnlyCollection<Lane> lanes, int free)
    {
        if (free <= 0 || lanes.Count == 0)
        {
            return [];
        }

        var transactional = LeastServed(lanes, "transactional");
        var broadcast = LeastServed(lanes, "broadcast");
        if (broadcast.Length == 0)
        {
            return Spread(transactional, free);
        }

        if (transactional.Length == 0)
        {
            return Spread(broadcast, free);
        }

        var reserved = Math.Max(1, (int)Math.Ceiling(free * TransactionalReserve));
        return [.. Spread(transactional, reserved), .. Spread(broadcast, free - reserved)];
    }

    private static Lane[] LeastServed(IEnumerable<Lane> lanes, string stream) =>
        [.. lanes.Where(l => l.Stream == stream).OrderBy(l => l.VirtualTime).ThenBy(l => l.TenantId).Take(MaxLanes)];

    /// <summary>Equal parts by weight, at least one each, the least served first; what one does not use, the next round gives on.</summary>
    private static List<LaneQuota> Spread(Lane[] lanes, int free)
    {
        var quotas = new List<LaneQuota>(lanes.Length);
        var weights = lanes.Sum(l => l.Weight);
        var left = free;
        foreach (var lane in lanes)
        {
            if (left == 0)
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
