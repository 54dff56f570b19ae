namespace Gateway.Api.Auth.Shield;

/// <summary>
/// Requests being worked on, up to a limit, and half of it for any one tenant: beyond it a caller hears 503 at once,
/// before anything is done for him.
/// </summary>
public sealed class RequestGate(ShieldOptions options)
{
    private readonly TenantShares shares = new(Math.Max(1, options.Requests / 2));
    private int underWay;

    public int UnderWay => Volatile.Read(ref underWay);

    public int Most => options.Requests;

    public bool TryEnter(Guid tenant)
    {
        if (Interlocked.Increment(ref underWay) <= options.Requests && shares.TryEnter(tenant))
        {
            return true;
        }

        Interlocked.Decrement(ref underWay);
        return false;
    }

    public void Leave(Guid tenant)
    {
        shares.Leave(tenant);
        Interlocked.Decrement(ref underWay);
    }
}
