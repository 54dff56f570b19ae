namespace Gateway.Reports;

/// <summary>A delivery that reports are about, locked, and what they make of it one after the other.</summary>
internal sealed class KnownDelivery
{
    public required Guid TenantId { get; init; }
    public required Guid MessageId { get; init; }
    public required Guid DeliveryId { get; init; }
    public required string Stream { get; init; }

    /// <summary>Of the recipient, as policy compares it.</summary>
    public required string RecipientDomain { get; init; }
    public required IReadOnlyList<PastAttempt> Attempts { get; init; }
    public required DeliveryPicture Picture { get; set; }
    public required int Sequence { get; set; }

    /// <summary>Where its row in the queue goes in the end.</summary>
    public QueueMove Queue { get; set; }
    public bool IsTouched { get; set; }
    public bool IsMoved { get; set; }
}

/// <summary>An event that a report became.</summary>
internal sealed record ReportEvent(
    Guid Id,
    Guid TenantId,
    Guid Bucket,
    Guid MessageId,
    Guid DeliveryId,
    int? Sequence,
    string Type,
    string? State,
    DateTimeOffset At,
    string Data,
    bool IsOrphan
);

/// <summary>Bounces of one kind that a path earned by itself, for its health.</summary>
internal sealed record PathBounceCount(string Path, string RemoteDomain, string Outcome, int Count, string? Reply);
