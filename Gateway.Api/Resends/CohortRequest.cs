using Gateway.Api.Manage;
using Gateway.Api.Problems;
using Gateway.Cohorts;
using Gateway.Ledger;

namespace Gateway.Api.Resends;

/// <summary>A job as it is asked for.</summary>
/// <param name="Rate">Deliveries a second.</param>
/// <param name="Most">It is refused where the filter finds more.</param>
/// <param name="Over">The path that is to carry it; the operator's only.</param>
internal sealed record CohortRequest(string Action, CohortFilter Filter, double Rate, int Most, string? Over)
{
    /// <summary>Suppressions by bounces do not count, and end: it was the path that failed, not the recipient.</summary>
    public bool LiftBounces { get; init; }

    public const double DefaultRate = 50;
    public const double MostRate = 1_000;
    public const int DefaultMost = 10_000;

    /// <summary>What one transaction chooses well within the 4 s that it has.</summary>
    public const int MostDeliveries = 100_000;

    private const int PathLength = 40;

    /// <summary>What can be sent again: what failed, what is held, and what was sent with no news since.</summary>
    private static readonly string[] Resendable =
    [
        DeliveryState.Bounced,
        DeliveryState.Held,
        DeliveryState.Expired,
        DeliveryState.Cancelled,
        DeliveryState.Sent,
    ];

    private static readonly string[] Parkable = [DeliveryState.Queued, DeliveryState.Deferred];

    public static CohortRequest Read(string action, BodyFields fields, bool byOperator, DateTimeOffset now)
    {
        string[] states = action switch
        {
            CohortAction.Resend => Resendable,
            CohortAction.Hold => Parkable,
            _ => [DeliveryState.Held],
        };
        var filter = CohortFilter.Read(fields, states, isStateNeeded: action == CohortAction.Resend, now);
        if (filter.States.Contains(DeliveryState.Cancelled))
        {
            // What somebody cancelled on purpose is not sent by a sweep; what a hold's end cancelled is.
            filter = filter with
            {
                Cause = filter.Cause ?? (filter.States.Count == 1 ? "hold_ended" : null),
            };
            if (filter.Cause != "hold_ended")
            {
                fields.Refuse("cause", filter.Cause, "hold_ended, with the state cancelled and no other state");
            }
        }

        return new CohortRequest(
            action,
            filter,
            fields.Number("rate", 0.1, MostRate, whole: false) ?? DefaultRate,
            (int)(fields.Number("max", 1, MostDeliveries) ?? DefaultMost),
            byOperator && action is CohortAction.Resend or CohortAction.Release ? fields.Text("over", PathLength) : null
        )
        {
            LiftBounces = action == CohortAction.Resend && fields.Flag("lift_bounces"),
        };
    }

    /// <summary>What the database had no time for; a filter that it has an index for is never that.</summary>
    public static ApiProblem TooWide() =>
        new(
            StatusCodes.Status422UnprocessableEntity,
            "filter_too_wide",
            "The filter looks at more than can be done at once",
            "Choosing took too long; nothing was done. Ask for a shorter time at once, one after the other."
        )
        {
            Field = "since",
            Accepted = "a later since, an earlier until, a tenant, or recipients",
        };

    public ApiProblem TooMany() =>
        new(
            StatusCodes.Status409Conflict,
            "cap_exceeded",
            "The filter finds more than the job may touch",
            $"More than {Most} deliveries match; nothing was done."
        )
        {
            Field = "max",
            Value = Most.ToString(System.Globalization.CultureInfo.InvariantCulture),
            Accepted = $"a higher max (at most {MostDeliveries}), or a narrower filter",
        };
}
