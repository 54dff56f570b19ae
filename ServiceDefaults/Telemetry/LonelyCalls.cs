using System.Diagnostics;
using OpenTelemetry;

namespace ServiceDefaults.Telemetry;

/// <summary>
/// Drops traces that are one call out of nowhere: polls, commits shared by many, looks at dependencies. Several a second
/// for each host, they would bury the traces that somebody asked for.
/// </summary>
internal sealed class LonelyCalls : BaseProcessor<Activity>
{
    public override void OnEnd(Activity data)
    {
        if (data is { Kind: ActivityKind.Client, ParentSpanId: var parent } && parent == default)
        {
            data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        }
    }
}
