using System.Collections.Frozen;
using Gateway.Providers;
using Gateway.Routing;

namespace Gateway.Worker.Paths;

/// <summary>
/// The paths of this worker and the rules that choose among them, swapped whole when either changes. Deliveries that are
/// aboard a path that left end on it.
/// </summary>
public sealed class EgressPaths(TimeProvider clock) : IAsyncDisposable
{
    public const string Sandbox = "sandbox";

    private static readonly RouteTier[] TestRoute = [new([new WeightedPath(Sandbox, 1)])];
    private Current current = new(
        FrozenDictionary<string, EgressPath>.Empty,
        [],
        [],
        new RoutingSnapshot([], FrozenDictionary<string, PathState>.Empty, TestRoute)
    );

    /// <summary>All that routing looks at, with what each path can carry as it was last seen.</summary>
    public RoutingSnapshot Routing
    {
        get
        {
            var now = Volatile.Read(ref current);
            return now.IsFresh() ? now.Routing : Refresh(now);
        }
    }

    /// <summary>Paths that the rules name: what a worker can have aboard is so many times the share of one.</summary>
    public int RouteWidth => Volatile.Read(ref current).Width;

    public bool IsAnyPicky => Volatile.Read(ref current).IsAnyPicky;

    public EgressPath? Find(string name) => Volatile.Read(ref current).ByName.GetValueOrDefault(name);

    public IReadOnlyCollection<EgressPath> All => Volatile.Read(ref current).ByName.Values;

    /// <summary>Takes over a new set. Paths that are in both stay as they are; those that left are closed once empty.</summary>
    /// <param name="states">One for each path; its capabilities are taken from the path itself.</param>
    public void Replace(
        IReadOnlyCollection<EgressPath> paths,
        IReadOnlyList<PathState> states,
        IReadOnlyList<RouteRule> rules
    )
    {
        var before = Volatile.Read(ref current);
        var byName = paths.ToFrozenDictionary(p => p.Name, StringComparer.Ordinal);
        Volatile.Write(ref current, Current.Of(byName, states, rules, TestRoute));
        foreach (var gone in before.ByName.Values.Except(paths))
        {
            _ = gone.RetireAsync(clock);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var path in current.ByName.Values)
        {
            await path.DisposeAsync();
        }
    }

    /// <summary>A relay says in each EHLO what it can; the snapshot follows.</summary>
    private RoutingSnapshot Refresh(Current stale)
    {
        var fresh = Current.Of(stale.ByName, stale.States, stale.Routing.Rules, TestRoute);
        Interlocked.CompareExchange(ref current, fresh, stale);
        return fresh.Routing;
    }

    private sealed record Current(
        FrozenDictionary<string, EgressPath> ByName,
        IReadOnlyList<PathState> States,
        (EgressPath Path, PathState State)[] Platform,
        RoutingSnapshot Routing
    )
    {
        public static Current Of(
            FrozenDictionary<string, EgressPath> byName,
            IReadOnlyList<PathState> states,
            IReadOnlyList<RouteRule> rules,
            IReadOnlyList<RouteTier> testRoute
        )
        {
            var seen = states
                .Where(s => byName.ContainsKey(s.Path))
                .Select(s =>
                    (Path: byName[s.Path], State: s with { Capabilities = byName[s.Path].Provider.Capabilities })
                )
                .ToArray();
            var routing = new RoutingSnapshot(
                rules,
                seen.ToFrozenDictionary(s => s.State.Path, s => s.State, StringComparer.Ordinal),
                testRoute
            );
            return new Current(byName, states, seen, routing);
        }

        /// <summary>A path that no rule names takes nobody aboard: with it, a worker would claim what it must give back.</summary>
        public int Width { get; } =
            Math.Max(
                1,
                Routing
                    .Rules.SelectMany(r => r.Tiers)
                    .SelectMany(t => t.Paths)
                    .Select(p => p.Path)
                    .Distinct(StringComparer.Ordinal)
                    .Count(ByName.ContainsKey)
            );

        public bool IsAnyPicky { get; } =
            Platform.Any(p => p.State.Capabilities is { Form: MailForm.Parts } or { EnvelopeIndependent: false });

        /// <summary>Providers hand out another object when what they can carry changes.</summary>
        public bool IsFresh()
        {
            foreach (var (path, state) in Platform)
            {
                if (!ReferenceEquals(path.Provider.Capabilities, state.Capabilities))
                {
                    return false;
                }
            }

            return true;
        }
    }
}
