namespace Gateway.Api.Auth.Shield;

/// <summary>Requests being worked on, up to a limit: beyond it a caller hears 503 at once, before anything is done for him.</summary>
public sealed class RequestGate(ShieldOptions options)
{
    private int underWay;

    public int UnderWay => Volatile.Read(ref underWay);

    public int Most => options.Requests;

    public bool TryEnter()
    {
        if (Interlocked.Increment(ref underWay) <= options.Requests)
        {
            return true;
        }

        Interlocked.Decrement(ref underWay);
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref underWay);
}
