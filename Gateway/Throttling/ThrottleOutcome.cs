namespace Gateway.Throttling;

/// <summary>What became of one request.</summary>
public abstract record Decision
{
    /// <param name="Turns">One for each limit that lets it wait; none where it may go now.</param>
    public sealed record Admitted(IReadOnlyList<Turn> Turns) : Decision;

    /// <param name="Limit">The limit that opens last of those that refused; its place in the call.</param>
    /// <param name="OpensIn">When there is room again; zero for a month, which the caller knows itself.</param>
    public sealed record Refused(int Limit, TimeSpan OpensIn) : Decision;

    private Decision() { }
}

/// <summary>The turns of one request at one limit: the first unit goes in <paramref name="In"/>, the others a step apart.</summary>
/// <param name="First">The script's own name of the turn, for giving it back; 0 where none can be.</param>
public readonly record struct Turn(int Limit, TimeSpan In, TimeSpan Step, double First);

/// <summary>A limit after the call.</summary>
/// <param name="Bucket">Where the call counted, for giving back; negative where the count is this replica's own.</param>
public readonly record struct LimitUse(long Used, TimeSpan OpensIn, double Bucket, bool Warn, bool Reached);

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

/// <summary>How limits are held.</summary>
public sealed record ThrottleOptions
{
    /// <summary>Replicas of this host: without Redis each has this part of a limit.</summary>
    public int Replicas { get; init; } = 2;

    /// <summary>No request waits longer for Redis.</summary>
    public TimeSpan RedisTimeout { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>From <c>Gateway:Throttling</c>.</summary>
    public static ThrottleOptions Read(Microsoft.Extensions.Configuration.IConfiguration configuration)
    {
        var section = configuration.GetSection("Gateway:Throttling");
        var text = section["Replicas"];
        return text is null ? new()
            : int.TryParse(text, out var replicas) && replicas > 0 ? new() { Replicas = replicas }
            : throw new InvalidOperationException(
                $"Gateway:Throttling:Replicas is '{text}'; it must be a number of at least 1"
            );
    }
}
