using Gateway.Cohorts;
using Gateway.Ledger;

namespace Gateway.Worker.Cohorts;

/// <summary>What becomes of one delivery of a cohort: a new state, a new delivery beside it, or neither.</summary>
/// <param name="Outcome">As the job tells it: resent, released, cancelled, held, or why it was left as it is.</param>
internal sealed record CohortPlan(CohortItem Item, string Outcome)
{
    public const string Resent = "resent";
    public const string Released = "released";

    /// <summary>Null where its state stays.</summary>
    public string? State { get; init; }
    public string? Cause { get; init; }

    /// <summary>The delivery that sends it again.</summary>
    public Guid? ResentAs { get; init; }

    /// <summary>It was sent before: two copies may arrive.</summary>
    public bool MayDuplicate => ResentAs is not null && Item.Facts.State == DeliveryState.Sent;
}

/// <summary>Decides for a batch; pure.</summary>
internal static class CohortPlanning
{
    public static IReadOnlyList<CohortPlan> Decide(CohortJob job, IReadOnlyList<CohortItem> items)
    {
        var places = new Dictionary<Guid, int>();
        var plans = new List<CohortPlan>(items.Count);
        foreach (var item in items)
        {
            plans.Add(
                CohortAction.WhyNot(job.Action, item.Facts, job.Asker) is { } reason
                    ? new CohortPlan(item, reason)
                    : Act(job, item, places)
            );
        }

        return plans;
    }

    private static CohortPlan Act(CohortJob job, CohortItem item, Dictionary<Guid, int> places) =>
        job.Action switch
        {
            CohortAction.Cancel => new(item, DeliveryState.Cancelled)
            {
                State = DeliveryState.Cancelled,
                Cause = job.Asker == Asker.Operator ? "by_operator" : "by_tenant",
            },
            CohortAction.Hold => new(item, DeliveryState.Held)
            {
                State = DeliveryState.Held,
                Cause = HoldCause.Operator,
            },
            // What is held was never given up: it goes on as the delivery that it is.
            _ when item.Facts.State == DeliveryState.Held => new(item, CohortPlan.Released)
            {
                State = DeliveryState.Queued,
            },
            _ => Resend(item, places),
        };

    private static CohortPlan Resend(CohortItem item, Dictionary<Guid, int> places)
    {
        var place = places.GetValueOrDefault(item.Message, LedgerId.PlaceOf(item.Last)) + 1;
        if (place > LedgerId.MaxPlace)
        {
            return new(item, ChangeReason.TooManyDeliveries);
        }

        places[item.Message] = place;
        return new(item, CohortPlan.Resent) { ResentAs = LedgerId.Delivery(item.Message, place) };
    }
}
