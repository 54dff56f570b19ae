using System.Diagnostics;
using Gateway.Mail;
using Gateway.Providers;
using Gateway.Worker.Telemetry;

namespace Gateway.Worker.Paths;

/// <summary>Sees every attempt of a path: for its health, its metrics, and for the bugs of its adapter.</summary>
public sealed class PathWitness(PathHealth health, TimeProvider clock, ILogger<PathWitness> log)
{
    /// <summary>Tries once; an adapter that throws has a bug, and whether bytes left nobody knows.</summary>
    public async Task<SendResult> SendAsync(EgressPath path, OutboundMail mail)
    {
        using var span = WorkerTelemetry.Start("send", ActivityKind.Client);
        var started = clock.GetTimestamp();
        SendResult result;
        try
        {
            // Never cancelled: a send that is broken off in the middle is one that nobody knows the fate of.
            result = await path.Provider.SendAsync(mail, CancellationToken.None);
        }
        catch (Exception problem)
        {
            WorkerLog.AdapterThrew(log, problem, path.Name, mail.TenantId, mail.MessageId);
            result = new SendResult(Outcome.Unknown, OutcomeScope.None, "Adapter", problem.Message);
        }

        health.Saw(path.Name, result);
        WorkerTelemetry.CountAttempt(span, path.Name, result, clock.GetElapsedTime(started));
        return result;
    }
}
