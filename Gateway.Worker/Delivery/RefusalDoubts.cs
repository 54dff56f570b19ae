using Gateway.Mail;
using Gateway.Providers;
using Gateway.Routing;
using Gateway.Worker.Health;
using Gateway.Worker.Paths;
using Gateway.Worker.Telemetry;

namespace Gateway.Worker.Delivery;

/// <summary>Whether a refusal is taken at its word, or something speaks for the path's fault (S5).</summary>
public sealed class RefusalDoubts(
    BounceBreaker breaker,
    Admission admission,
    PathBlame blame,
    PathPicker picker,
    VerdictWaiters waiters
)
{
    /// <summary>A result as it comes.</summary>
    public Doubt Of(string path, DeliveryWork work, SendResult result, RouteQuery query)
    {
        admission.Saw(path, result);
        var suspicion = breaker.Saw(path, work.Claim.TenantId, result, out var isFirst, blame.IsJustBack(path));
        if (!BounceBreaker.IsRefusal(result.Outcome))
        {
            return Doubt.None;
        }

        if (suspicion != Suspicion.None)
        {
            blame.Blame(path, suspicion, result, query, isFirst);
        }

        if (admission.IsUnproven(path))
        {
            return work.Facts.LastPath == path ? Doubt.SamePathOnProbation : Doubt.PathOnProbation;
        }

        if (Suspected(suspicion, path, query) is { } doubt)
        {
            return doubt;
        }

        var isKnown = result.UnknownText is null;
        waiters.Expect(
            path,
            work.Claim.DeliveryId,
            isKnown ? RetryPolicy.VerdictWait : RetryPolicy.UnknownWordsWait,
            isKnown
        );
        return isKnown ? Doubt.TooEarly : Doubt.TooEarlyForUnknownWords;
    }

    /// <summary>A refusal whose time of doubt is over.</summary>
    public Doubt Of(PastRefusal refusal, RouteQuery query)
    {
        if (Suspected(breaker.Of(refusal.Path, refusal.Result.Reply, refusal.At), refusal.Path, query) is { } doubt)
        {
            return doubt;
        }

        // Its circuit opened since: too many heard words that nobody knows, or it died in the middle of talking.
        return blame.WasLeftSince(refusal.Path, refusal.At) ? Doubt.PathRefusesAll : Doubt.None;
    }

    private Doubt? Suspected(Suspicion suspicion, string path, RouteQuery query) =>
        suspicion switch
        {
            Suspicion.Path when picker.HasOther(query, path) => Doubt.PathRefusesAll,
            Suspicion.None => null,
            _ => Doubt.MassBounce,
        };
}

/// <summary>What a path said to a delivery that waits for the verdict on it.</summary>
public sealed record PastRefusal(int Attempt, string Path, SendResult Result, DateTimeOffset At);
