using Gateway.Throttling;

namespace Gateway.Api.Throttling;

/// <summary>Messages of one tenant on their way to one script: each limit once, whoever named it.</summary>
internal sealed class ChargeCall
{
    private readonly Dictionary<string, int> places = new(StringComparer.Ordinal);
    private readonly List<AppliedLimit> limits = [];
    private readonly List<ThrottleRequest> requests = [];

    public IReadOnlyList<AppliedLimit> Limits => limits;

    public IReadOnlyList<ThrottleRequest> Requests => requests;

    public void Add(MessageCharge charge)
    {
        var charges = new Charge[charge.Limits.Count];
        for (var i = 0; i < charges.Length; i++)
        {
            charges[i] = new Charge(PlaceOf(charge.Limits[i]), charge.Units[i]);
        }

        foreach (var half in charge.Halves)
        {
            PlaceOf(half);
        }

        requests.Add(new ThrottleRequest(charges));
    }

    private int PlaceOf(AppliedLimit limit)
    {
        if (!places.TryGetValue(limit.Throttle.Key, out var place))
        {
            places[limit.Throttle.Key] = place = limits.Count;
            limits.Add(limit);
        }

        return place;
    }
}
