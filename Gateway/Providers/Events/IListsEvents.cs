namespace Gateway.Providers.Events;

/// <summary>A provider whose events can be fetched as well: for when they were not told.</summary>
public interface IListsEvents
{
    /// <summary>One page of the events of a sending domain, oldest first. Never throws for what the provider does.</summary>
    /// <param name="domain">The domain of the messages' From.</param>
    /// <param name="since">Where the first page begins.</param>
    /// <param name="next">As the page before told it; null for the first.</param>
    Task<EventList> ListEventsAsync(string domain, DateTimeOffset since, string? next, CancellationToken cancel);
}

/// <param name="Next">Null after the last page.</param>
/// <param name="Problem">Why there are none; null where there are.</param>
public sealed record EventList(IReadOnlyList<ProviderEvent> Events, string? Next, string? Problem)
{
    public static EventList Unavailable(string why) => new([], null, why);
}
