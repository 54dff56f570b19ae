using System.Globalization;

namespace Gateway.Routing;

/// <summary>Why a path stands where it does, or does not stand among the candidates.</summary>
public enum RouteReason
{
    ByWeight,
    InPlaceOfAnother,
    StandingTraffic,
    FailedLast,

    /// <summary>Beyond its share, taken because no admitted path can.</summary>
    OnlyOneLeft,
    Unknown,
    OfAnotherTenant,
    NeverCarries,
    SwitchedOff,
    Draining,
    CircuitOpen,
    OnProbation,
    NeedsEai,
    TooLarge,
    Avoided,
}

/// <summary>A path with its reason; the words are made only when somebody reads them.</summary>
public readonly record struct RouteChoice(string Path, RouteReason Reason, int Tier = 0)
{
    /// <summary>What the reason speaks of: a weight, a path, a scope, a number of bytes.</summary>
    public object? Detail { get; init; }

    /// <summary>For the operator who asks where a message would go.</summary>
    public string Describe() =>
        Reason switch
        {
            RouteReason.ByWeight => string.Create(CultureInfo.InvariantCulture, $"tier {Tier}, weight {Detail}"),
            RouteReason.InPlaceOfAnother => $"tier {Tier}, in place of '{Detail}', which is switched off",
            RouteReason.StandingTraffic => $"tier {Tier}, standing traffic of a standby path",
            RouteReason.FailedLast => $"tier {Tier}, failed this delivery last",
            RouteReason.OnlyOneLeft => string.Create(
                CultureInfo.InvariantCulture,
                $"tier {Tier}, on probation ({Detail:P0} of its traffic), but no admitted path can carry it"
            ),
            RouteReason.Unknown => "the rule names it, but no such path is configured",
            RouteReason.OfAnotherTenant => "it is the account of another tenant",
            RouteReason.NeverCarries => $"{Detail}",
            RouteReason.SwitchedOff => "an operator switched it off",
            RouteReason.Draining => "an operator drains it",
            RouteReason.CircuitOpen => $"its circuit is open: {Detail}",
            RouteReason.OnProbation => string.Create(
                CultureInfo.InvariantCulture,
                $"it is on probation with {Detail:P0} of its traffic, and this draw is not among them"
            ),
            RouteReason.NeedsEai => "an address needs SMTPUTF8, which the path does not offer",
            RouteReason.TooLarge => string.Create(CultureInfo.InvariantCulture, $"the path takes {Detail} bytes"),
            RouteReason.Avoided => "it refused this delivery before, or the resend avoids it",
            _ => Reason.ToString(),
        };
}

/// <summary>Where a delivery may go, best first, and why each other path of its rule is not among them.</summary>
/// <param name="Rule">The rule that decided; null where none matches.</param>
public sealed record RoutePlan(
    string? Rule,
    IReadOnlyList<RouteChoice> Candidates,
    IReadOnlyList<RouteChoice> Rejected
);
