namespace ServiceDefaults.Health;

/// <summary>How far a host is in its life.</summary>
public enum HostPhase
{
    /// <summary>Not yet: what gates the start (the ledger) was not seen.</summary>
    Starting,

    /// <summary>Takes work.</summary>
    Ready,

    /// <summary>Finishes what it has and takes nothing new.</summary>
    Draining,
}

/// <summary>
/// Whether this host takes work: the one thing a load balancer asks. A missing dependency is no reason to say no,
/// since a door then answers its own temporary error, and all replicas would miss it alike.
/// </summary>
public sealed class HostReadiness
{
    private int phase = (int)HostPhase.Starting;
    private volatile string? overload;

    public HostPhase Phase => (HostPhase)Volatile.Read(ref phase);

    /// <summary>Why the host sheds load now; null while it does not.</summary>
    public string? Overload => overload;

    public bool TakesWork => Phase == HostPhase.Ready && overload is null;

    /// <summary>Called once by the host, when what gates its start is there. A draining host stays draining.</summary>
    public void MarkReady() => Interlocked.CompareExchange(ref phase, (int)HostPhase.Ready, (int)HostPhase.Starting);

    /// <summary>Called when the host is told to stop; it never goes back.</summary>
    public void MarkDraining() => Volatile.Write(ref phase, (int)HostPhase.Draining);

    /// <summary>Sets or, with null, lifts the overload.</summary>
    /// <param name="reason">What is full, with its limit: shown in the health body.</param>
    public void SetOverload(string? reason) => overload = reason;
}
