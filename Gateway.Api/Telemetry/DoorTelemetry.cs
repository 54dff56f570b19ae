using System.Diagnostics;
using Gateway.Api.Acceptance;
using Gateway.Api.Problems;

namespace Gateway.Api.Telemetry;

/// <summary>What a door tells of each submission: its span, and whether it was accepted, replayed or refused.</summary>
internal static class DoorTelemetry
{
    private static readonly TenantCounts Tenants = new();

    static DoorTelemetry() => GatewayTelemetry.TenantAccepted.From(Tenants.Top);

    /// <summary>The span that the message's further life hangs on; null while nobody listens.</summary>
    public static Activity? StartAccept(string door) =>
        GatewayTelemetry.Activities.StartActivity("accept")?.SetTag("gateway.door", door);

    /// <summary>Says in the span whose message it is.</summary>
    public static void Name(Guid tenant, Guid message)
    {
        if (Activity.Current is { IsAllDataRequested: true } span)
        {
            span.SetTag("gateway.tenant.id", tenant.ToString()).SetTag("gateway.message.id", message.ToString());
        }
    }

    public static void Count(Submission submission, AcceptanceResult result)
    {
        if (result is not AcceptanceResult.Accepted accepted)
        {
            return;
        }

        var door = new KeyValuePair<string, object?>("door", submission.Door);
        if (accepted.Replayed)
        {
            GatewayTelemetry.Replayed.Add(1, door);
            // The span is about the message that is there already.
            Name(submission.TenantId, accepted.MessageId);
        }
        else
        {
            GatewayTelemetry.Accepted.Add(1, door);
            Tenants.Add(submission.TenantId);
        }
    }

    public static void CountNotLetIn(string reason) =>
        GatewayTelemetry.AuthenticationFailures.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public static void CountRefused(string door, ApiProblem problem)
    {
        GatewayTelemetry.Refused.Add(1, new("door", door), new KeyValuePair<string, object?>("code", problem.Code));
        Activity.Current?.SetTag("gateway.refused", problem.Code);
    }
}
