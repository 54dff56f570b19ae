using System.Collections.Concurrent;
using System.Net;

namespace Gateway.Api.Operator;

/// <summary>
/// Counts wrong tokens by address, so that a guesser hears 429 instead of a verdict. The right token is never asked to
/// wait: nobody can lock the operator out.
/// </summary>
internal sealed class WrongTokens(TimeProvider clock)
{
    public const int Allowed = 10;
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    /// <summary>Beyond it the counting starts anew: memory is bounded, whoever comes.</summary>
    private const int MostAddresses = 10_000;

    private readonly ConcurrentDictionary<IPAddress, Count> counts = new();

    /// <summary>How long this address has to wait; null while it may be told.</summary>
    public TimeSpan? Add(IPAddress? from)
    {
        if (counts.Count >= MostAddresses)
        {
            counts.Clear();
        }

        var now = clock.GetTimestamp();
        var count = counts.AddOrUpdate(
            from ?? IPAddress.None,
            new Count(now, 1),
            (_, c) => clock.GetElapsedTime(c.Since, now) > Window ? new Count(now, 1) : c with { Wrong = c.Wrong + 1 }
        );
        return count.Wrong > Allowed ? Window - clock.GetElapsedTime(count.Since, now) : null;
    }

    private readonly record struct Count(long Since, int Wrong);
}
