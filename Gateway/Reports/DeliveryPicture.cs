using System.Collections.Immutable;

namespace Gateway.Reports;

/// <summary>A delivery as a report meets it.</summary>
public sealed record DeliveryPicture
{
    /// <summary>One of <see cref="Ledger.DeliveryState"/>.</summary>
    public required string State { get; init; }
    public string? Cause { get; init; }

    /// <summary>The number of its last attempt; 0 before the first.</summary>
    public required int LastAttempt { get; init; }

    /// <summary>A worker has begun to send it and has not recorded what came of it.</summary>
    public bool IsOnTheNetwork { get; init; }

    /// <summary>Paths that bounced it for a fault of their own.</summary>
    public ImmutableArray<string> Avoid { get; init; } = [];

    /// <summary>How often it went back to the queue for such a bounce.</summary>
    public int PathBounces { get; init; }
}

/// <summary>One attempt of a delivery.</summary>
public readonly record struct PastAttempt(int Number, string Path);

/// <summary>What becomes of the delivery's row in the queue.</summary>
public enum QueueMove
{
    Stay,

    /// <summary>Nothing more is to be sent.</summary>
    Leave,

    /// <summary>To be sent again now.</summary>
    Again,

    /// <summary>To wait for a release.</summary>
    Hold,
}

/// <param name="Type">The event's type, as tenants see it.</param>
/// <param name="State">Null where it changes none.</param>
public sealed record ReportStep(string Type, string? State = null, string? Cause = null);

/// <summary>What follows from a report.</summary>
/// <param name="Steps">One event each, in this order.</param>
/// <param name="After">The delivery as the report leaves it.</param>
public sealed record ReportDecision(IReadOnlyList<ReportStep> Steps, DeliveryPicture After, QueueMove Queue);
