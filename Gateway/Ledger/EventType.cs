namespace Gateway.Ledger;

/// <summary>A type of event as tenants see it.</summary>
/// <param name="Name">As in <c>events.type</c>, in JSON and in filters.</param>
/// <param name="Means">One line for people.</param>
public sealed record EventType(string Name, string Means)
{
    public const string SubscriptionDisabled = "subscription.disabled";

    /// <summary>Sent on request only; never in the ledger.</summary>
    public const string SubscriptionTest = "subscription.test";

    /// <summary>All that may stand in a filter. Each change of a delivery, of the account, and of what belongs to it.</summary>
    public static readonly IReadOnlyList<EventType> All =
    [
        new("accepted", "the gateway has the message and will deliver it"),
        new("sending", "an attempt begins"),
        new("sent", "the next hop took the mail"),
        new("processed", "the provider took it up"),
        new("delivered", "the recipient's server took it"),
        new("deferred", "it will be tried again; without a state it is the provider who tries"),
        new("delayed", "a transactional delivery is late and still not sent: after 5 minutes, 30 minutes, 4 hours"),
        new("bounced", "it was refused for good, or came back"),
        new("queued", "it goes on: released, or on another path"),
        new("rerouted", "its path failed, or did not take it; it goes on over another"),
        new("held", "it waits until somebody releases it"),
        new("hold_reminder", "it still does"),
        new("unknown", "whether it was sent is being found out"),
        new("possible_duplicate", "it may have been sent twice"),
        new("suppressed", "the recipient must not be written to"),
        new("expired", "it was too late to deliver it"),
        new("cancelled", "somebody, or the end of a hold, stopped it"),
        new("opened", "the mail was opened"),
        new("clicked", "a link was followed"),
        new("complained", "the recipient called it spam"),
        new("unsubscribed", "the recipient wants no more of it"),
        new("limit.warning", "a limit is nearly used"),
        new("limit.reached", "a limit is fully used"),
        new("tenant.suspended", "the account may not send"),
        new("tenant.resumed", "it may again"),
        new("tenant.stream_warned", "bounces or complaints of a stream come near the bound"),
        new("tenant.stream_paused", "a stream was stopped"),
        new("tenant.stream_resumed", "it goes on"),
        new("tenant.unusual_volume", "much more mail than usual came with a new key"),
        new("domain.verified", "a sending domain was proven"),
        new("domain.degraded", "its proof is missing"),
        new("domain.restored", "it is back"),
        new("domain.failed", "the domain may no longer send"),
        new("domain.removed", "the domain was given up"),
        new("domain.dkim_active", "a DKIM key signs"),
        new("domain.dkim_stopped", "a DKIM key stopped signing"),
        new("domain.dkim_retired", "a DKIM key was taken out of use"),
        new(SubscriptionDisabled, "a webhook was switched off"),
    ];

    private static readonly HashSet<string> Names = [.. All.Select(t => t.Name)];

    /// <summary>A type's name, or <c>domain.*</c> for all that begin so.</summary>
    public static bool IsFilter(string text) =>
        Names.Contains(text)
        || (
            text.EndsWith(".*", StringComparison.Ordinal)
            && All.Any(t => t.Name.StartsWith(text[..^1], StringComparison.Ordinal))
        );
}
