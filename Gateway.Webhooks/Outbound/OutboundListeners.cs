using Gateway.Database;
using Gateway.Ledger;
using Npgsql;

namespace Gateway.Webhooks.Outbound;

/// <summary>Hears that the doors committed something. Whatever is not rung for is found by the poll.</summary>
internal sealed class EventListener(
    [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger,
    OutboundSignals signals,
    TimeProvider clock,
    ILogger<EventListener> log
) : LedgerListener(ledger, WakeUp.Channel, clock, log)
{
    protected override void Heard() => signals.EventsCame();

    protected override void Connected() => signals.EventsCame();

    protected override void Lost() { }
}

/// <summary>Hears that a subscription was made, changed or asked for something.</summary>
internal sealed class SubscriptionListener(
    [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger,
    OutboundSignals signals,
    TimeProvider clock,
    ILogger<SubscriptionListener> log
) : LedgerListener(ledger, "gw_subscriptions", clock, log)
{
    protected override void Heard() => signals.SubscriptionsChanged();

    protected override void Connected() => signals.SubscriptionsChanged();

    protected override void Lost() { }
}
