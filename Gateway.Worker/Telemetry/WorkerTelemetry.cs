using System.Diagnostics;
using Gateway.Providers;
using Gateway.Worker.Delivery;

namespace Gateway.Worker.Telemetry;

/// <summary>Joins the worker's steps to the trace that began at the door.</summary>
internal static class WorkerTelemetry
{
    public static Activity? StartDelivery(DeliveryWork work)
    {
        // A message without a trace, or with one that cannot be read, begins its own.
        _ = ActivityContext.TryParse(work.TraceParent, traceState: null, isRemote: true, out var door);
        var activity = GatewayTelemetry.Activities.StartActivity("deliver", ActivityKind.Consumer, door);
        activity?.SetTag("gateway.tenant.id", work.Claim.TenantId);
        activity?.SetTag("gateway.message.id", work.Claim.MessageId);
        activity?.SetTag("gateway.delivery.id", work.Claim.DeliveryId);
        return activity;
    }

    public static void CountAttempt(string path, SendResult result, TimeSpan took)
    {
        var tags = new TagList { { "path", path }, { "outcome", result.Outcome.ToString() } };
        GatewayTelemetry.Attempts.Add(1, tags);
        GatewayTelemetry.AttemptSeconds.Record(took.TotalSeconds, tags);
        Activity.Current?.SetTag("gateway.path", path).SetTag("gateway.outcome", result.Outcome.ToString());
    }
}
