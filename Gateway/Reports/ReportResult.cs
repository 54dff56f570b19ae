namespace Gateway.Reports;

public enum ReportVerdict
{
    /// <summary>Its events are in the ledger.</summary>
    Recorded,

    /// <summary>It was recorded before.</summary>
    Duplicate,

    /// <summary>
    /// Its delivery is on the network this moment: what is told now may be about what the worker has yet to record. To be
    /// brought again in a second or two; within a lease's length it is known.
    /// </summary>
    Early,

    /// <summary>No attempt of ours, or not one over that path.</summary>
    Orphan,
}

/// <param name="State">The state that the report left the delivery in; null where it moved nothing.</param>
/// <param name="EventId">The event that tells of it.</param>
public sealed record ReportResult(ReportVerdict Verdict, string? State = null, Guid? EventId = null)
{
    public static readonly ReportResult Duplicate = new(ReportVerdict.Duplicate);
    public static readonly ReportResult Early = new(ReportVerdict.Early);
    public static readonly ReportResult Orphan = new(ReportVerdict.Orphan);
}
