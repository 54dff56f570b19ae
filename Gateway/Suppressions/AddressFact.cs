namespace Gateway.Suppressions;

/// <summary>What one event of the ledger says of an address.</summary>
public sealed record AddressFact
{
    public required Guid Tenant { get; init; }
    public required Guid EventId { get; init; }

    /// <summary>Null for an event about mail that is no longer in the ledger.</summary>
    public Guid? Delivery { get; init; }

    /// <summary>The event's type.</summary>
    public required string Type { get; init; }
    public string? Cause { get; init; }

    /// <summary>How sure a bounce is: <c>hard</c>, <c>soft</c>, <c>full</c>, <c>block</c> or <c>unknown</c>; null where the next hop said it to us.</summary>
    public string? Class { get; init; }

    /// <summary>The name of the <see cref="Mail.Outcome"/> that the bounce is of.</summary>
    public string? Outcome { get; init; }

    /// <summary>A provider refused for its own list: <c>bounce</c>, <c>invalid</c>, <c>complaint</c> or <c>unsubscribe</c>.</summary>
    public string? ProviderList { get; init; }

    /// <summary>The policy key of the address.</summary>
    public required string Address { get; init; }

    /// <summary>Null where the message is no longer in the ledger.</summary>
    public string? Stream { get; init; }
    public required DateTimeOffset At { get; init; }

    /// <summary>Who said so: <c>smtp</c>, <c>dsn</c>, <c>arf</c>, <c>unsubscribe</c>, or <c>provider:PATH</c>.</summary>
    public required string Source { get; init; }
    public string? Detail { get; init; }

    /// <summary>The tenant wants that one word holds for all of its mail.</summary>
    public bool AllStreams { get; init; }
}

/// <summary>What follows for the address.</summary>
public abstract record AddressNews
{
    /// <summary>Not written to any more on these streams.</summary>
    /// <param name="For">How long; null until somebody lifts it.</param>
    public sealed record Suppress(string Reason, IReadOnlyList<string> Streams, TimeSpan? For) : AddressNews;

    /// <summary>One more that never got through.</summary>
    public sealed record Failed : AddressNews;

    /// <summary>Mail arrives there.</summary>
    public sealed record Arrived : AddressNews;
}
