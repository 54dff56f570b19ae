using System.Collections.Frozen;

namespace Gateway.Routing;

/// <summary>How much of a path a circuit concerns.</summary>
public enum CircuitScope
{
    /// <summary>The whole account.</summary>
    Path,

    /// <summary>One sending domain of it.</summary>
    Identity,
    Stream,

    /// <summary>What goes to one domain of recipients.</summary>
    RemoteDomain,
}

/// <param name="Subject">The domain or stream; empty for the whole path.</param>
public readonly record struct CircuitKey(string Path, CircuitScope Scope, string Subject);

/// <param name="AskedFrom">From then on one delivery may ask whether it works; null where only a canary does.</param>
public readonly record struct OpenCircuit(string Reason, DateTimeOffset? AskedFrom);

/// <summary>The circuits that are open, and why. A path is fit where none of those that concern the delivery is.</summary>
public sealed record HealthSnapshot(FrozenDictionary<CircuitKey, OpenCircuit> Open)
{
    public static readonly HealthSnapshot AllWell = new(FrozenDictionary<CircuitKey, OpenCircuit>.Empty);

    /// <summary>The reason of the widest open circuit that concerns this delivery, or null.</summary>
    public string? WhyOpen(string path, RouteQuery query) =>
        Open.Count == 0
            ? null
            : Reason(path, CircuitScope.Path, "", query)
                ?? Reason(path, CircuitScope.Identity, query.FromDomain, query)
                ?? Reason(path, CircuitScope.Stream, query.Stream, query)
                ?? Reason(path, CircuitScope.RemoteDomain, query.RecipientDomain, query);

    private string? Reason(string path, CircuitScope scope, string subject, RouteQuery query) =>
        Open.TryGetValue(new CircuitKey(path, scope, subject), out var open) && !(open.AskedFrom <= query.Now)
            ? open.Reason
            : null;
}
