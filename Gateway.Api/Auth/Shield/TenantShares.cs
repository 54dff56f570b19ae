namespace Gateway.Api.Auth.Shield;

/// <summary>Places that tenants hold, so many each: what one takes of a replica leaves room for the others.</summary>
public sealed class TenantShares(int most)
{
    private readonly Lock gate = new();
    private readonly Dictionary<Guid, int> held = [];

    public bool TryEnter(Guid tenant)
    {
        lock (gate)
        {
            var own = held.GetValueOrDefault(tenant);
            if (own >= most)
            {
                return false;
            }

            held[tenant] = own + 1;
            return true;
        }
    }

    public void Leave(Guid tenant)
    {
        lock (gate)
        {
            if (--held[tenant] == 0)
            {
                held.Remove(tenant);
            }
        }
    }
}
