namespace Gateway.Worker.Delivery;

/// <summary>Where a delivery goes from here: its new state, and when the queue shall show it again.</summary>
/// <param name="State">One of <see cref="Ledger.DeliveryState"/>.</param>
/// <param name="DueIn">Null where it leaves the queue.</param>
public sealed record NextStep(string State, string? Cause = null, TimeSpan? DueIn = null, string? WaitingFor = null)
{
    /// <summary>The event that tells of it; the state's own name unless said otherwise.</summary>
    public string? Event { get; init; }

    public TtlClock Clock { get; init; } = TtlClock.Stop;

    /// <summary>Counters of the retry schedules, as they shall stand.</summary>
    public int Deferrals { get; init; }
    public int Waits { get; init; }
}

/// <summary>Why a permanent refusal is not believed.</summary>
public enum Doubt
{
    None,

    /// <summary>The path is on probation.</summary>
    PathOnProbation,

    /// <summary>It is, and it carried this delivery before: no other path can.</summary>
    SamePathOnProbation,

    /// <summary>Many others were refused alike on this path.</summary>
    MassBounce,

    /// <summary>The path refuses whatever it is given, and another one can be asked.</summary>
    PathRefusesAll,

    /// <summary>Nothing speaks against it yet: what the path answers to others meanwhile decides.</summary>
    TooEarly,

    /// <summary>As that, and nobody knows its words: they get more time.</summary>
    TooEarlyForUnknownWords,
}

/// <summary>The TTL clock runs only while the last outcome is the recipient's temporary refusal (D12).</summary>
public enum TtlClock
{
    Stop,
    Run,
}
