namespace Gateway.Throttling;

/// <summary>What became of one request.</summary>
public abstract record Decision
{
    /// <param name="Turns">One for each limit that lets it wait; none where it may go now.</param>
    public sealed record Admitted(IReadOnlyList<Turn> Turns) : Decision;

    /// <param name="Limit">The limit that opens last of those that refused; its place in the call.</param>
    /// <param name="OpensIn">When there is room again; zero for a month, which the caller knows itself.</param>
    public sealed record Refused(int Limit, TimeSpan OpensIn) : Decision;

    public static readonly Decision AdmittedNow = new Admitted([]);

    private Decision() { }
}

/// <summary>The turns of one request at one limit: the first unit goes in <paramref name="In"/>, the others a step apart.</summary>
/// <param name="First">The script's own name of the turn, for giving it back; 0 where none can be.</param>
public readonly record struct Turn(int Limit, TimeSpan In, TimeSpan Step, double First);

/// <summary>A limit after the call.</summary>
/// <param name="Bucket">Where the call counted, for giving back; negative where the count is this replica's own.</param>
/// <param name="Used">Zero where the replica held the units and asked nobody.</param>
public readonly record struct LimitUse(long Used, TimeSpan OpensIn, double Bucket, bool Warn, bool Reached)
{
    /// <summary>Units that were counted ahead, for later requests of this replica.</summary>
    public long Granted { get; init; }
}

/// <summary>What a call came to.</summary>
/// <param name="Missing">Limits that must be counted from the ledger first: nothing was decided.</param>
/// <param name="Local">True where Redis did not decide.</param>
public sealed record ThrottleOutcome(
    IReadOnlyList<Decision> Decisions,
    IReadOnlyList<LimitUse> Uses,
    IReadOnlyList<int> Missing,
    bool Local
)
{
    /// <summary>Redis' own time of the decision, in milliseconds since 1970; 0 where Redis did not decide.</summary>
    public double DecidedAt { get; init; }
}
