using System.Collections.Concurrent;

namespace ServiceDefaults.Health;

/// <summary>What is known of one dependency, and since when. <see cref="Up"/> is null before the first look.</summary>
public sealed record DependencyState(bool? Up, DateTimeOffset Since, string? Detail);

/// <summary>The last known state of what this host depends on. Written in the background, read by anyone for free.</summary>
public sealed class DependencyBoard(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, DependencyState> states = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, DependencyState> States => states;

    /// <summary>Names of those that are down, in order.</summary>
    public IEnumerable<string> Degraded =>
        states.Where(s => s.Value.Up == false).Select(s => s.Key).Order(StringComparer.Ordinal);

    /// <summary>
    /// Notes what was seen; whoever notices first that a dependency is gone or back may say so. <c>Since</c> moves
    /// only when it changes.
    /// </summary>
    /// <returns>True if the dependency changed between up and down.</returns>
    public bool Report(string name, bool? up, string? detail = null)
    {
        var changed = true;
        states.AddOrUpdate(
            name,
            static (_, now) => new DependencyState(now.up, now.at, now.detail),
            (_, before, now) =>
            {
                changed = before.Up != now.up;
                return changed ? new DependencyState(now.up, now.at, now.detail) : before with { Detail = now.detail };
            },
            (up, detail, at: time.GetUtcNow())
        );
        return changed;
    }
}
