using Gateway.Cohorts;

namespace Gateway.Worker.Cohorts;

/// <summary>A job whose turn it is, locked by this worker until its transaction ends.</summary>
/// <param name="Path">Pins the route of what is sent; null leaves it to the rules.</param>
/// <param name="LiftBounces">Suppressions by bounces do not count, and end.</param>
/// <param name="Most">Deliveries that its rate allows now.</param>
internal sealed record CohortJob(Guid Id, string Action, Asker Asker, string? Path, bool LiftBounces, int Most);

/// <summary>A delivery of the cohort as it is now, under lock.</summary>
/// <param name="Last">The delivery at the highest place of its message.</param>
internal sealed record CohortItem(
    Guid Tenant,
    Guid Message,
    Guid Delivery,
    ChangeFacts Facts,
    string? Path,
    int Sequence,
    string Stream,
    Guid Last
);
