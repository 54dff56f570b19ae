using System.Diagnostics;
using OpenTelemetry;

namespace ServiceDefaults.Telemetry;

/// <summary>Keeps spans from export that would bury the others, or that hold what nobody may read.</summary>
internal sealed class UnwantedSpans : BaseProcessor<Activity>
{
    public override void OnEnd(Activity data)
    {
        if (IsOutOfNowhere(data) || QuotesAValue(data))
        {
            data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        }
    }

    /// <summary>Polls, commits shared by many, looks at dependencies: several a second for each host.</summary>
    private static bool IsOutOfNowhere(Activity span) =>
        span is { Kind: ActivityKind.Client, ParentSpanId: var parent } && parent == default;

    /// <summary>
    /// SQLSTATE class 22 or 23: PostgreSQL quotes the value that it refuses, and Npgsql keeps its words with the span. An
    /// event of a span cannot be taken back; the span around it stays.
    /// </summary>
    private static bool QuotesAValue(Activity span) =>
        span is { Source.Name: "Npgsql", Status: ActivityStatusCode.Error }
        && span.GetTagItem("db.response.status_code") is string and (['2', '2', ..] or ['2', '3', ..]);
}
