using Gateway.Mail.Smtp;
using ServiceDefaults.Health;

namespace Gateway.Api.Auth.Shield;

/// <summary>
/// Says that this replica is full before it is sick: <c>/health</c> turns 503 and a balancer sends new work elsewhere,
/// while what is here already is finished.
/// </summary>
public sealed class OverloadWatch(
    ConnectionGuard connections,
    RequestGate requests,
    ContentBudget content,
    HostReadiness readiness,
    TimeProvider clock
) : BackgroundService
{
    /// <summary>Begins to say so at 90 % of any limit, and ends below 70 % of all.</summary>
    private const double Full = 0.9;
    private const double Calm = 0.7;

    /// <summary>Work that waits for a thread; a host that keeps up has none.</summary>
    private const int WaitingWork = 20_000;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <summary>What is full, or null; pure but for the gauges it reads.</summary>
    internal string? Look(bool alreadyFull)
    {
        (string Name, long Now, long Most)[] gauges =
        [
            ("HTTP connections", connections.Http.Open, connections.Http.Most),
            ("SMTP connections", connections.Smtp.Open, connections.Smtp.Most),
            ("requests under way", requests.UnderWay, requests.Most),
            ("bytes being read", content.Taken, content.Most),
            ("work waiting for a thread", ThreadPool.PendingWorkItemCount, WaitingWork),
        ];
        var share = alreadyFull ? Calm : Full;
        foreach (var (name, now, most) in gauges)
        {
            if (now >= most * share)
            {
                return $"{name}: {now} of {most}";
            }
        }

        return null;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        var full = false;
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                var reason = Look(full);
                if (reason is not null || full)
                {
                    readiness.SetOverload(reason);
                }

                full = reason is not null;
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }
}
