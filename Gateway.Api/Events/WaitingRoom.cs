namespace Gateway.Api.Events;

/// <summary>
/// Bounds the requests that wait for events: each asks the ledger four times a second. Whoever finds no place is
/// answered at once, with nothing.
/// </summary>
internal sealed class WaitingRoom
{
    public const int Places = 64;

    /// <summary>One tenant's consumers do not take everybody's places.</summary>
    public const int PlacesOfTenant = 8;

    private readonly Dictionary<Guid, int> waiting = [];
    private readonly Lock gate = new();
    private int all;

    public bool TryEnter(Guid tenant)
    {
        lock (gate)
        {
            var mine = waiting.GetValueOrDefault(tenant);
            if (all >= Places || mine >= PlacesOfTenant)
            {
                return false;
            }

            all++;
            waiting[tenant] = mine + 1;
            return true;
        }
    }

    public void Leave(Guid tenant)
    {
        lock (gate)
        {
            all--;
            if (--waiting[tenant] == 0)
            {
                waiting.Remove(tenant);
            }
        }
    }
}
