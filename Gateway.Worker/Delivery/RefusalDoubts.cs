using Gateway.Providers;
using Gateway.Worker.Health;
using Gateway.Worker.Telemetry;

namespace Gateway.Worker.Delivery;

/// <summary>Whether a result is taken at its word, or something speaks for the path's fault.</summary>
public sealed class RefusalDoubts(
    BounceBreaker breaker,
    Admission admission,
    CircuitJournal journal,
    ILogger<RefusalDoubts> log
)
{
    public Doubt Of(string path, DeliveryWork work, SendResult result)
    {
        admission.Saw(path, result);
        var isMass = breaker.Holds(path, work.Claim.TenantId, result, out var isFirst);
        if (isFirst)
        {
            WorkerLog.MassBounce(log, path, result.Reply);
            journal.Tell(path, "mass_bounce", result.Reply);
        }

        return admission.IsUnproven(path)
            ? work.Facts.LastPath == path
                ? Doubt.SamePathOnProbation
                : Doubt.PathOnProbation
            : isMass
                ? Doubt.MassBounce
                : Doubt.None;
    }
}
