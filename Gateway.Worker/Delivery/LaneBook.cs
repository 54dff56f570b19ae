namespace Gateway.Worker.Delivery;

/// <summary>
/// The lanes that have due mail, as they were read last and as they were served since. Start-time fair queueing (D7): each
/// stream has a clock that stands where its busy lanes are; a lane that was idle begins there, so it saved up nothing.
/// </summary>
internal sealed class LaneBook
{
    private readonly Dictionary<string, double> clocks = [];
    private Dictionary<(Guid, string), Lane> lanes = [];

    public IReadOnlyCollection<Lane> Lanes => lanes.Values;

    /// <summary>Where a lane of this stream starts at the earliest.</summary>
    public double ClockOf(string stream) => clocks.GetValueOrDefault(stream);

    /// <summary>
    /// Takes up what the ledger says now. The clock follows the least served of the lanes that were busy before and still
    /// are; a newcomer never holds it back.
    /// </summary>
    /// <param name="stored">The clocks as they stand in the ledger: another worker may have moved them.</param>
    /// <returns>The streams whose clock stands later than the ledger knows.</returns>
    public IReadOnlyList<string> TakeUp(IReadOnlyCollection<Lane> found, IReadOnlyDictionary<string, double> stored)
    {
        // A claim of ours may have been made while the ledger was read.
        var now = found.Select(l =>
            lanes.TryGetValue((l.TenantId, l.Stream), out var known) && known.VirtualTime > l.VirtualTime
                ? l with
                {
                    VirtualTime = known.VirtualTime,
                }
                : l
        );
        var next = now.ToDictionary(l => (l.TenantId, l.Stream));
        var moved = new List<string>();
        foreach (var (stream, at) in stored)
        {
            var clock = Math.Max(at, ClockOf(stream));
            var busy = next.Values.Where(l => l.Stream == stream && lanes.ContainsKey((l.TenantId, l.Stream)));
            clocks[stream] = Math.Max(clock, busy.Select(l => l.VirtualTime).DefaultIfEmpty(clock).Min());
            if (clocks[stream] > at)
            {
                moved.Add(stream);
            }
        }

        lanes = next.ToDictionary(
            l => l.Key,
            l => l.Value with { VirtualTime = Math.Max(l.Value.VirtualTime, ClockOf(l.Value.Stream)) }
        );
        return moved;
    }

    /// <summary>Counts what was claimed, and marks the lanes that had less than they could have had.</summary>
    public void Serve(IReadOnlyList<LaneQuota> quotas, IReadOnlyCollection<Claim> claims)
    {
        var served = claims.GroupBy(c => (c.TenantId, c.Stream)).ToDictionary(g => g.Key, g => g.Count());
        foreach (var (asked, quota) in quotas)
        {
            var key = (asked.TenantId, asked.Stream);
            var given = served.GetValueOrDefault(key);
            if (lanes.TryGetValue(key, out var lane))
            {
                lanes[key] = lane with
                {
                    VirtualTime = lane.VirtualTime + (given / lane.Weight),
                    IsDrained = given < quota,
                };
            }
        }
    }
}
