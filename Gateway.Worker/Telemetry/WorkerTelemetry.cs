using System.Diagnostics;
using Gateway.Providers;
using Gateway.Worker.Delivery;

namespace Gateway.Worker.Telemetry;

/// <summary>Joins the worker's steps to the trace that began at the door. Ids and outcomes only, never an address.</summary>
internal static class WorkerTelemetry
{
    public static bool IsTraced => GatewayTelemetry.Activities.HasListeners();

    /// <summary>The span of all that this worker does for the delivery, from the moment it asked for work.</summary>
    public static Activity? StartDelivery(DeliveryWork work, DateTimeOffset claiming)
    {
        if (!IsTraced)
        {
            return null;
        }

        // A message without a trace, or with one that cannot be read, begins its own.
        _ = ActivityContext.TryParse(work.TraceParent, traceState: null, isRemote: true, out var door);
        var activity = GatewayTelemetry.Activities.StartActivity(
            "deliver",
            ActivityKind.Consumer,
            door,
            startTime: claiming
        );
        if (activity is { IsAllDataRequested: true })
        {
            activity
                .SetTag("gateway.tenant.id", work.Claim.TenantId.ToString())
                .SetTag("gateway.message.id", work.Claim.MessageId.ToString())
                .SetTag("gateway.delivery.id", work.Claim.DeliveryId.ToString());
            GatewayTelemetry
                .Activities.StartActivity(ActivityKind.Internal, startTime: claiming, name: "claim")
                ?.Dispose();
        }

        return activity;
    }

    /// <summary>A step of the delivery; null while nobody listens.</summary>
    public static Activity? Start(string step, ActivityKind kind = ActivityKind.Internal) =>
        GatewayTelemetry.Activities.StartActivity(step, kind);

    public static void CountAttempt(Activity? span, string path, SendResult result, TimeSpan took)
    {
        var tags = new TagList { { "path", path }, { "outcome", result.Outcome.ToString() } };
        GatewayTelemetry.Attempts.Add(1, tags);
        GatewayTelemetry.AttemptSeconds.Record(took.TotalSeconds, tags);
        span?.SetTag("gateway.path", path)
            .SetTag("gateway.outcome", result.Outcome.ToString())
            .SetTag("gateway.phase", result.Phase);
    }
}
