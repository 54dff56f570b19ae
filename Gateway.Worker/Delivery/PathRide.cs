using Gateway.Routing;
using Gateway.Worker.Paths;
using Gateway.Worker.Throttling;

namespace Gateway.Worker.Delivery;

public enum RideVerdict
{
    /// <summary>It went over a path; what is to be recorded stands beside it.</summary>
    Went,

    /// <summary>Every path that could carry it is full.</summary>
    Crowded,

    /// <summary>Its path asked for a pause, until then.</summary>
    Paused,

    /// <summary>The limits of its paths have no room now; it has a turn.</summary>
    Turn,

    /// <summary>No path can carry it now.</summary>
    NoPath,
}

/// <param name="Tried">What is to be recorded; null where the delivery was ours no longer.</param>
/// <param name="Wait">Until its turn.</param>
/// <param name="Until">The end of the pause.</param>
public readonly record struct Ride(
    RideVerdict Verdict,
    RecordItem? Tried = null,
    TimeSpan Wait = default,
    DateTimeOffset Until = default
);

/// <summary>Takes a delivery over the best path that has room for it: stands in line, keeps to limits, tries the next.</summary>
public sealed class PathRide(PathPicker picker, PathThrottle throttle, TimeProvider clock)
{
    /// <summary>A transactional delivery waits no longer for its turn at a path before it asks another (D10).</summary>
    private static readonly TimeSpan TransactionalPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan BroadcastPatience = TimeSpan.FromMinutes(5);

    /// <summary>At least so long another delivery to the same domain takes.</summary>
    private static readonly TimeSpan DomainIsBusyFor = TimeSpan.FromSeconds(1);

    /// <param name="send">What is done aboard.</param>
    public async Task<Ride> GoAsync(RouteQuery query, Func<EgressPath, Task<RecordItem?>> send, CancellationToken stop)
    {
        TimeSpan? turn = null;
        while (true)
        {
            var boarding = picker.Board(query with { Now = clock.GetUtcNow() });
            if (boarding is not { Verdict: BoardingVerdict.Aboard, Path: { } path })
            {
                return turn is { } first
                    ? new Ride(RideVerdict.Turn, Wait: first)
                    : new Ride(
                        boarding.Verdict switch
                        {
                            BoardingVerdict.Crowded => RideVerdict.Crowded,
                            BoardingVerdict.Paused => RideVerdict.Paused,
                            _ => RideVerdict.NoPath,
                        },
                        Until: boarding.Until
                    );
            }

            var (went, tried, wait) = await GoOverAsync(path, query, send, stop);
            if (went)
            {
                return new Ride(RideVerdict.Went, tried);
            }

            // Without a wait the path was lost while the delivery stood in line for it: another one, at once.
            if (wait is { } its)
            {
                if (its <= (query.Stream == "transactional" ? TransactionalPatience : BroadcastPatience))
                {
                    return new Ride(RideVerdict.Turn, Wait: its);
                }

                // No room there for long: another path, or else the turn that comes first.
                turn = turn < its ? turn : its;
                query = query with { Avoid = query.Avoid.Add(path.Name) };
            }
        }
    }

    private async Task<(bool Went, RecordItem? Tried, TimeSpan? Wait)> GoOverAsync(
        EgressPath path,
        RouteQuery query,
        Func<EgressPath, Task<RecordItem?>> send,
        CancellationToken stop
    )
    {
        try
        {
            await path.EnterAsync(stop);
            try
            {
                if (!picker.StillCarries(path))
                {
                    return (false, null, null);
                }

                if (!path.TryEnterDomain(query.RecipientDomain))
                {
                    return (false, null, DomainIsBusyFor * (1 + Random.Shared.NextDouble()));
                }

                try
                {
                    // Last, so that little time passes between being counted and being sent.
                    var wait = await throttle.WaitForAsync(path, query.RecipientDomain, query.Stream == "broadcast");
                    return wait is null ? (true, await send(path), null) : (false, null, wait);
                }
                finally
                {
                    path.ExitDomain(query.RecipientDomain);
                }
            }
            finally
            {
                path.Exit();
            }
        }
        finally
        {
            path.Leave();
        }
    }
}
