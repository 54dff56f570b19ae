using Gateway.Providers;

namespace Gateway.Routing;

/// <summary>What the operator says of a path; nothing that the gateway sees overrules it.</summary>
public enum PathMode
{
    Active,

    /// <summary>Begins nothing new; what is on its way ends.</summary>
    Draining,

    /// <summary>Switched off: carries nothing, its mail goes elsewhere at once.</summary>
    Off,
}

/// <summary>One path as routing sees it.</summary>
public sealed record PathState(string Path, PathCapabilities Capabilities)
{
    /// <summary>Whose account it is; null is the platform's. Nobody else's mail goes over it.</summary>
    public Guid? Tenant { get; init; }
    public PathMode Mode { get; init; }

    /// <summary>The path that takes the place of one that is off.</summary>
    public string? Instead { get; init; }

    /// <summary>
    /// The part of its traffic that a path on probation is given, from 0 to 1; null once it is admitted.
    /// </summary>
    public double? ProbationShare { get; init; }

    /// <summary>On probation or ejected from it: what it refuses is not believed.</summary>
    public bool IsUnproven { get; init; }

    /// <summary>On probation, and nothing goes over it before a canary of ours did.</summary>
    public bool IsAwaitingCanary { get; init; }

    /// <summary>Why it can never carry mail, such as an account that only brings events; null where it can.</summary>
    public string? NeverCarries { get; init; }
}
