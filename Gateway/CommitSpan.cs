using System.Diagnostics;

namespace Gateway;

/// <summary>Measures one shared commit from here to its disposal: how many writes it carries and how long it takes.</summary>
public readonly struct CommitSpan(string kind, int size) : IDisposable
{
    private readonly long began = Stopwatch.GetTimestamp();

    public void Dispose()
    {
        var tag = new KeyValuePair<string, object?>("kind", kind);
        GatewayTelemetry.CommitSize.Record(size, tag);
        GatewayTelemetry.CommitSeconds.Record(Stopwatch.GetElapsedTime(began).TotalSeconds, tag);
    }
}
