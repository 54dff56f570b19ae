using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Gateway.Webhooks.Outbound;

/// <summary>Joins a webhook to the trace of its message, and counts. Ids and results only, never a URL.</summary>
internal static class OutboundTelemetry
{
    /// <summary>The span of one try; null while nobody listens, or where the event is of no traced message.</summary>
    public static Activity? StartSend(SubscriptionConfig to, Outgoing item)
    {
        if (
            item.TraceParent is null
            || !GatewayTelemetry.Activities.HasListeners()
            || !ActivityContext.TryParse(item.TraceParent, traceState: null, isRemote: true, out var message)
        )
        {
            return null;
        }

        return GatewayTelemetry
            .Activities.StartActivity("webhook", ActivityKind.Producer, message)
            ?.SetTag("gateway.tenant.id", to.Tenant.ToString())
            .SetTag("gateway.subscription.id", to.Id.ToString())
            .SetTag("gateway.message.id", item.Told?.MessageId?.ToString())
            .SetTag("gateway.delivery.id", item.Told?.DeliveryId?.ToString())
            .SetTag("gateway.event.type", item.Told?.Type);
    }

    public static void Count(SendResult result, DateTimeOffset now)
    {
        var tag = new KeyValuePair<string, object?>("result", result.Word);
        GatewayTelemetry.WebhookAttempts.Add(1, tag);
        GatewayTelemetry.WebhookSeconds.Record(result.Took.TotalSeconds, tag);
        if (result is { Answer.Result: WebhookResult.Delivered, Item: { Kind: SendKind.Event, Told: { } told } })
        {
            GatewayTelemetry.WebhookLatency.Record(Math.Max(0, (now - told.At).TotalSeconds));
        }
    }

    /// <summary>The gauges show the figures as the loop last wrote them down.</summary>
    public static void Show(Func<OutboundFigures?> figures, TimeProvider clock)
    {
        GatewayTelemetry.WebhookEndpoints.From(() =>
            figures()
                ?.Endpoints.Select(e => new Measurement<int>(
                    e.Value,
                    new KeyValuePair<string, object?>("state", e.Key)
                ))
            ?? []
        );
        GatewayTelemetry.WebhookOldest.From(() =>
            figures() is { } f
                ? [new(f.OldestAt is { } at ? Math.Max(0, (clock.GetUtcNow() - at).TotalSeconds) : 0)]
                : []
        );
        GatewayTelemetry.WebhookWaiting.From(() => figures() is { } f ? [new(f.Waiting)] : []);
    }
}
