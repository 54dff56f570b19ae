namespace Gateway.Routing;

/// <summary>How a new or changed path earns its traffic (S5: misconfigured relays that took all mail at once).</summary>
/// <param name="Sends">Accepted sends that each step needs.</param>
/// <param name="Least">The shortest time of each step.</param>
public sealed record ProbationRules(int Sends, TimeSpan Least)
{
    public static readonly ProbationRules Default = new(50, TimeSpan.FromMinutes(10));
}

/// <summary>
/// Where a path stands on its probation: its canary first, then 1, 5, 25 and 100 % of its traffic, each step only after
/// enough sends and time without a failure of the path; one such failure ejects it. Pure: what was seen goes in, the next
/// standing comes out.
/// </summary>
public sealed record Probation(ProbationStep Step, double Share, long Sends, DateTimeOffset Since)
{
    private static readonly double[] Shares = [0.01, 0.05, 0.25, 1];

    public string? Reason { get; init; }

    public static Probation Begin(DateTimeOffset now) => new(ProbationStep.Canary, 0, 0, now);

    /// <summary>The standing after its canary came back well.</summary>
    public Probation CanaryIsBack(DateTimeOffset now) =>
        Step == ProbationStep.Canary ? new Probation(ProbationStep.Share, Shares[0], 0, now) : this;

    /// <summary>Somebody has to look at it and begin anew.</summary>
    public Probation Eject(string reason, DateTimeOffset now) =>
        new(ProbationStep.Ejected, 0, Sends, now) { Reason = reason };

    /// <summary>The next step where this one is served, the same standing where it is not; admitted after the last.</summary>
    public Probation Advance(ProbationRules rules, DateTimeOffset now)
    {
        if (Step != ProbationStep.Share || Sends < rules.Sends || now - Since < rules.Least)
        {
            return this;
        }

        var next = Array.FindIndex(Shares, s => s > Share);
        return next < 0
            ? this with
            {
                Step = ProbationStep.Admitted,
            }
            : new Probation(ProbationStep.Share, Shares[next], 0, now);
    }
}

public enum ProbationStep
{
    Canary,
    Share,
    Ejected,
    Admitted,
}
