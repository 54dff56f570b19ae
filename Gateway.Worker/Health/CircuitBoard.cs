using System.Collections.Frozen;
using Gateway.Mail;
using Gateway.Providers;
using Gateway.Routing;

namespace Gateway.Worker.Health;

/// <summary>A circuit that opened or closed; <see cref="Reason"/> is null where it closed.</summary>
public sealed record CircuitChange(CircuitKey Key, Circuit Circuit, string? Reason);

/// <summary>
/// All circuits of this worker, from what its own attempts came to and what the other workers told. Deliveries read a
/// snapshot that is made anew only when a circuit opens, closes or is being asked.
/// </summary>
public sealed class CircuitBoard(TimeProvider clock)
{
    /// <summary>How long the others wait while one delivery asks a circuit that no canary can.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private readonly Dictionary<CircuitKey, Circuit> circuits = [];
    private HealthSnapshot snapshot = HealthSnapshot.AllWell;

    private Action<CircuitChange>? listeners;

    /// <summary>From now on the listener is called with each change that this worker saw; never under a lock.</summary>
    public void TellTo(Action<CircuitChange> listener) => listeners += listener;

    public HealthSnapshot Snapshot() => Volatile.Read(ref snapshot);

    public void Saw(string path, SendResult result, RouteQuery query)
    {
        if (CircuitScopes.Of(path, result.Scope, query) is { } key)
        {
            Change(
                key,
                c => c.After(result.Outcome, $"{result.Phase}: {result.Reply}", result.RetryAfter, clock.GetUtcNow())
            );
            if (key.Scope == CircuitScope.Path)
            {
                CloseAsked(path, result.Outcome, query);
            }
        }
    }

    /// <summary>
    /// True where the caller may use the path now. A circuit that no canary can ask lets one delivery pass after its
    /// rest, and its result decides.
    /// </summary>
    public bool TryEnter(string path, RouteQuery query)
    {
        if (Snapshot().Open.Count == 0)
        {
            return true;
        }

        foreach (var key in Concerning(path, query))
        {
            lock (gate)
            {
                if (!circuits.TryGetValue(key, out var circuit) || !circuit.IsOpen)
                {
                    continue;
                }

                if (key.Scope == CircuitScope.Path || circuit.RestsUntil > clock.GetUtcNow())
                {
                    return false;
                }

                Put(key, circuit.Asking(Patience, clock.GetUtcNow()));
            }
        }

        return true;
    }

    /// <summary>Whole paths whose rest is over: the canary's turn.</summary>
    public IReadOnlyList<string> DueForCanary()
    {
        if (Snapshot().Open.Count == 0)
        {
            return [];
        }

        lock (gate)
        {
            var now = clock.GetUtcNow();
            return
            [
                .. circuits
                    .Where(c => c.Key.Scope == CircuitScope.Path && c.Value.IsOpen && c.Value.RestsUntil <= now)
                    .Select(c => c.Key.Path),
            ];
        }
    }

    /// <summary>An operator says that it works: the canary asks at once instead of after its rest.</summary>
    public void AskSoon(string path)
    {
        lock (gate)
        {
            var key = new CircuitKey(path, CircuitScope.Path, "");
            if (circuits.TryGetValue(key, out var circuit) && circuit.IsOpen)
            {
                Put(key, circuit.Asking(TimeSpan.Zero, clock.GetUtcNow()));
            }
        }
    }

    public void CanaryCameBack(string path, SendResult result)
    {
        var key = new CircuitKey(path, CircuitScope.Path, "");
        var now = clock.GetUtcNow();
        Change(
            key,
            c =>
                result.Outcome == Outcome.Accepted
                    ? c.AnsweredWell(now)
                    : c.AnsweredBadly($"canary, {result.Phase}: {result.Reply}", now)
        );
    }

    /// <summary>What another worker saw. Its newer word replaces ours.</summary>
    public void Heard(CircuitKey key, Circuit theirs)
    {
        lock (gate)
        {
            var ours = circuits.GetValueOrDefault(key, Circuit.Closed);
            if (theirs.ChangedAt > ours.ChangedAt && theirs.IsOpen != ours.IsOpen)
            {
                Put(key, theirs);
            }
        }
    }

    /// <summary>Null where it never opened.</summary>
    public Circuit? StandingOf(CircuitKey key)
    {
        lock (gate)
        {
            return circuits.GetValueOrDefault(key);
        }
    }

    /// <summary>The circuits that are open now, for whoever asks why mail waits.</summary>
    public IReadOnlyDictionary<CircuitKey, Circuit> OpenCircuits()
    {
        lock (gate)
        {
            return circuits.Where(c => c.Value.IsOpen).ToFrozenDictionary();
        }
    }

    /// <summary>A delivery that was let through as a question was answered: what it asked is closed.</summary>
    private void CloseAsked(string path, Outcome outcome, RouteQuery query)
    {
        if (outcome == Outcome.Accepted && Snapshot().Open.Count > 0)
        {
            foreach (var key in Concerning(path, query).Where(k => k.Scope != CircuitScope.Path))
            {
                Change(key, c => c.Answered(clock.GetUtcNow()));
            }
        }
    }

    private void Change(CircuitKey key, Func<Circuit, Circuit> change)
    {
        Circuit before;
        Circuit after;
        lock (gate)
        {
            before = circuits.GetValueOrDefault(key, Circuit.Closed);
            after = change(before);
            if (ReferenceEquals(before, after))
            {
                return;
            }

            Put(key, after);
        }

        if (before.IsOpen != after.IsOpen)
        {
            listeners?.Invoke(new CircuitChange(key, after, after.Reason));
        }
    }

    /// <summary>Under the gate.</summary>
    private void Put(CircuitKey key, Circuit circuit)
    {
        var wasOpen = circuits.TryGetValue(key, out var before) && before.IsOpen;
        circuits[key] = circuit;
        if (wasOpen || circuit.IsOpen)
        {
            Volatile.Write(
                ref snapshot,
                new HealthSnapshot(
                    circuits
                        .Where(c => c.Value.IsOpen)
                        .ToFrozenDictionary(
                            c => c.Key,
                            c => new OpenCircuit(
                                c.Value.Reason!,
                                c.Key.Scope == CircuitScope.Path ? null : c.Value.RestsUntil
                            )
                        )
                )
            );
        }
    }

    private static CircuitKey[] Concerning(string path, RouteQuery query) =>
        [
            new(path, CircuitScope.Path, ""),
            new(path, CircuitScope.Identity, query.FromDomain),
            new(path, CircuitScope.Stream, query.Stream),
            new(path, CircuitScope.RemoteDomain, query.RecipientDomain),
        ];
}
