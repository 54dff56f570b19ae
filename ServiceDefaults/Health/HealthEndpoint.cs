using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace ServiceDefaults.Health;

/// <summary>Tells what the host is, from memory: 200 while it takes work, else 503.</summary>
internal static class HealthEndpoint
{
    public static IResult Answer(HostReadiness readiness, DependencyBoard board, HttpContext context)
    {
        // Asked every second by someone: not worth a trace.
        if (Activity.Current is { } activity)
        {
            activity.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        }

        var body = Describe(readiness, board);
        context.Response.Headers.CacheControl = "no-store";
        return Results.Json(
            body,
            statusCode: readiness.TakesWork ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable
        );
    }

    public static HealthBody Describe(HostReadiness readiness, DependencyBoard board)
    {
        var degraded = board.Degraded.ToList();
        var status = readiness switch
        {
            { Phase: HostPhase.Starting } => "starting",
            { Phase: HostPhase.Draining } => "draining",
            { Overload: not null } => "overloaded",
            _ => degraded.Count > 0 ? "degraded" : "ready",
        };
        var dependencies = board.States.ToDictionary(
            s => s.Key,
            s => new DependencyBody(Word(s.Value.Up), s.Value.Since, s.Value.Detail)
        );
        return new HealthBody(status, readiness.Overload, degraded, dependencies);
    }

    private static string Word(bool? up) =>
        up switch
        {
            true => "up",
            false => "down",
            null => "unknown",
        };
}

internal sealed record HealthBody(
    string Status,
    string? Overload,
    IReadOnlyList<string> Degraded,
    IReadOnlyDictionary<string, DependencyBody> Dependencies
);

internal sealed record DependencyBody(string State, DateTimeOffset Since, string? Detail);
