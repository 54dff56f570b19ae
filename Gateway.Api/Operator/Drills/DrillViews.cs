namespace Gateway.Api.Operator.Drills;

/// <param name="Minutes">0.05 to 60; then the path carries mail again by itself.</param>
public sealed record DrillRequest(double Minutes, string Reason);

/// <summary>What a drill meets.</summary>
/// <param name="Id">Null after a dry run.</param>
/// <param name="Queued">Deliveries in the queue that are not held; the first 20,000 are looked at.</param>
/// <param name="QueuedOnPath">Those that would go over the path now.</param>
/// <param name="WithoutAlternative">Whose mail of the queue and of the last hour no other path can carry: it waits.</param>
public sealed record DrillPlan(
    Guid? Id,
    string Path,
    DateTimeOffset Until,
    long Queued,
    long QueuedOnPath,
    IReadOnlyList<StrandedMail> WithoutAlternative
);

/// <param name="Deliveries">How many of those looked at.</param>
/// <param name="WhyNot">Each path of the rule with the reason that it cannot.</param>
public sealed record StrandedMail(
    Guid Tenant,
    string Stream,
    string FromDomain,
    long Deliveries,
    IReadOnlyList<string> WhyNot
);

/// <summary>What a drill came to; while it runs, so far.</summary>
/// <param name="State">running, over, or ended (somebody set the path's mode before its time).</param>
/// <param name="SwitchedAfterMs">From the start to the first delivery that another path took in its place; null where none came.</param>
/// <param name="LastBegunAfterMs">From the start to the last delivery that the path still began; null where it began none.</param>
/// <param name="BegunOnPath">Deliveries that the path began after the start.</param>
/// <param name="Moved">Deliveries that other paths took in its place.</param>
/// <param name="Held">Deliveries that were parked meanwhile.</param>
/// <param name="WaitingForPath">Deliveries that wait for a path now.</param>
/// <param name="Lost">Unfinished deliveries, accepted from an hour before the start on, that the queue does not know: always 0.</param>
/// <param name="IsSampled">More than 50,000 attempts were made: the first of them were looked at.</param>
public sealed record DrillReport(
    Guid Id,
    string Path,
    string State,
    DateTimeOffset StartedAt,
    DateTimeOffset Until,
    DateTimeOffset? EndedAt,
    string Reason,
    double? SwitchedAfterMs,
    double? LastBegunAfterMs,
    long BegunOnPath,
    long Moved,
    long Held,
    long WaitingForPath,
    long Lost,
    bool IsSampled,
    IReadOnlyList<StrandedMail> WithoutAlternative
);
