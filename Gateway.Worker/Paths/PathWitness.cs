using System.Diagnostics;
using Gateway.Mail;
using Gateway.Providers;
using Gateway.Routing;
using Gateway.Worker.Health;
using Gateway.Worker.Telemetry;

namespace Gateway.Worker.Paths;

/// <summary>Sees every attempt of a path: for its circuits, its metrics, and for the bugs of its adapter.</summary>
public sealed class PathWitness(CircuitBoard board, TimeProvider clock, ILogger<PathWitness> log)
{
    /// <summary>After the final dot, or the last byte of a request, silence this long counts against the path (D11).</summary>
    private static readonly TimeSpan SilenceCountsAfter = TimeSpan.FromSeconds(30);

    /// <summary>A path that asks for a pause without saying how long gets this one.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <summary>Tries once; an adapter that throws has a bug, and whether bytes left nobody knows.</summary>
    public async Task<SendResult> SendAsync(EgressPath path, OutboundMail mail, RouteQuery query)
    {
        using var span = WorkerTelemetry.Start("send", ActivityKind.Client);
        var started = clock.GetTimestamp();
        SendResult result;
        try
        {
            // Never cancelled: a send that is broken off in the middle is one that nobody knows the fate of.
            var sending = path.Provider.SendAsync(mail, CancellationToken.None);
            result = await WatchAsync(sending, path.Name, query);
        }
        catch (Exception problem)
        {
            WorkerLog.AdapterThrew(log, LoggableError.Of(problem), path.Name, mail.TenantId, mail.MessageId);
            result = new SendResult(Outcome.Unknown, OutcomeScope.None, "Adapter", problem.Message);
        }

        board.Saw(path.Name, result, query);
        if (result.Outcome == Outcome.PathThrottled)
        {
            path.PausedUntil = clock.GetUtcNow() + (result.RetryAfter ?? Pause);
        }

        WorkerTelemetry.CountAttempt(span, path.Name, result, clock.GetElapsedTime(started));
        return result;
    }

    /// <summary>A send that says nothing for long counts as unknown while it still waits.</summary>
    private async Task<SendResult> WatchAsync(Task<SendResult> sending, string path, RouteQuery query)
    {
        try
        {
            return await sending.WaitAsync(SilenceCountsAfter, clock);
        }
        catch (TimeoutException) when (!sending.IsCompleted)
        {
            board.Saw(path, new SendResult(Outcome.Unknown, OutcomeScope.Account, "Waiting", "silent for 30 s"), query);
            return await sending;
        }
    }
}
