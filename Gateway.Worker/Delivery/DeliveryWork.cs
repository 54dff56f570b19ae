namespace Gateway.Worker.Delivery;

/// <summary>A claimed delivery with all that deciding and sending need.</summary>
public sealed record DeliveryWork
{
    public required Claim Claim { get; init; }
    public required string Mode { get; init; }
    public required string FromAddress { get; init; }

    /// <summary>The verified domain that the message is signed for.</summary>
    public required string FromDomain { get; init; }
    public required string Recipient { get; init; }

    /// <summary>The recipient as policy compares it.</summary>
    public required string RecipientKey { get; init; }

    /// <summary>On which streams the tenant lets recipients leave by our link: <c>broadcast</c>, <c>all</c> or <c>none</c>.</summary>
    public string ListUnsubscribe { get; init; } = "broadcast";
    public System.Collections.Immutable.ImmutableArray<string> Tags { get; init; } = [];

    /// <summary>Paths that bounced it for a fault of their own.</summary>
    public System.Collections.Immutable.ImmutableArray<string> Avoid { get; init; } = [];

    /// <summary>The one path that an operator chose for it.</summary>
    public string? PinnedPath { get; init; }

    /// <summary>Shared by all deliveries of the message that were claimed together.</summary>
    public required MessageContent Content { get; init; }
    public required string? TraceParent { get; init; }
    public required DeliveryFacts Facts { get; init; }
}

/// <summary>What the next step depends on.</summary>
public sealed record DeliveryFacts
{
    public required string State { get; init; }
    public required string Stream { get; init; }

    /// <summary>When the first try could be made: acceptance, or <c>send_at</c>.</summary>
    public required DateTimeOffset Since { get; init; }
    public required DateTimeOffset? Deadline { get; init; }
    public DateTimeOffset? HeldAt { get; init; }

    /// <summary>The TTL clock: running since, and what it ran before.</summary>
    public DateTimeOffset? TemporarySince { get; init; }
    public TimeSpan TemporarySpent { get; init; }
    public int Deferrals { get; init; }
    public int Waits { get; init; }
    public string? LastPath { get; init; }
    public string? WaitingFor { get; init; }

    /// <summary>The tenant's word on mail that nobody knows the fate of.</summary>
    public bool AtMostOnce { get; init; }
}
