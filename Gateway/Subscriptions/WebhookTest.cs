using Gateway.Ledger;

namespace Gateway.Subscriptions;

/// <summary>What a test send tells: a form of its own that is in no ledger.</summary>
public static class WebhookTest
{
    /// <param name="id">Of the test; its time is in it.</param>
    /// <param name="subscription">Whose test.</param>
    public static WebhookEvent Of(Guid id, Guid subscription) =>
        new(
            id,
            EventType.SubscriptionTest,
            MessageId: null,
            DeliveryId: null,
            Recipient: null,
            Sequence: null,
            State: null,
            LedgerId.TimeOf(id),
            $$"""{"subscription_id":"{{subscription}}"}"""
        );
}
