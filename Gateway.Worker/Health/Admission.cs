using System.Collections.Concurrent;
using Dapper;
using Gateway.Database;
using Gateway.Ledger;
using Gateway.Mail;
using Gateway.Providers;
using Gateway.Routing;
using Gateway.Worker.Paths;
using Gateway.Worker.Telemetry;
using Npgsql;

namespace Gateway.Worker.Health;

/// <summary>
/// Leads paths through their probation: every worker counts what it sends over them, whoever comes first each second
/// decides. Each step is written down as an event of the path.
/// </summary>
public sealed class Admission(
    [FromKeyedServices(LedgerRole.Worker)] NpgsqlDataSource ledger,
    IConfiguration configuration,
    EgressPaths paths,
    TimeProvider clock,
    ILogger<Admission> log
) : BackgroundService
{
    /// <summary>Refusals of recipients or messages in a row that eject, too: a good relay takes most of what comes.</summary>
    private const int RefusalsInARow = 3;
    private static readonly TimeSpan Each = TimeSpan.FromSeconds(1);

    private readonly ProbationRules rules = new(
        configuration.GetValue("Gateway:Admission:Sends", ProbationRules.Default.Sends),
        TimeSpan.FromMinutes(
            configuration.GetValue("Gateway:Admission:Minutes", ProbationRules.Default.Least.TotalMinutes)
        )
    );

    private readonly ConcurrentDictionary<string, Seen> counts = new(StringComparer.Ordinal);

    /// <summary>True where no refusal of this path may be believed yet, or any more since it was ejected meanwhile.</summary>
    public bool IsUnproven(string path) => paths.Routing.Paths.TryGetValue(path, out var state) && state.IsUnproven;

    public void Saw(string path, SendResult result)
    {
        if (!IsUnproven(path))
        {
            return;
        }

        counts.AddOrUpdate(path, _ => Seen.None.With(result), (_, seen) => seen.With(result));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Each, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await TryAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The host ends; another worker goes on.
        }
    }

    private async Task TryAsync(CancellationToken cancel)
    {
        try
        {
            await DecideAsync(cancel);
        }
        catch (Exception problem) when (problem is NpgsqlException or IOException or TimeoutException)
        {
            WorkerLog.PathsNotRead(log, problem.Message);
        }
    }

    private async Task DecideAsync(CancellationToken cancel)
    {
        if (!paths.Routing.Paths.Values.Any(p => p.ProbationShare is not null || p.IsAwaitingCanary))
        {
            return;
        }

        await using var connection = await ledger.OpenConnectionAsync(cancel);
        foreach (var (path, seen) in Take())
        {
            await connection.ExecuteAsync(
                "UPDATE path_probations SET sends = sends + @Sends WHERE path = @path AND step = 'share'",
                new { path, seen.Sends }
            );
            if (seen.Failure is { } failure)
            {
                await MoveAsync(
                    connection,
                    path,
                    p => p.Step == ProbationStep.Share ? p.Eject(failure, clock.GetUtcNow()) : p
                );
            }
        }

        foreach (var state in paths.Routing.Paths.Values)
        {
            if (state.IsAwaitingCanary && paths.Find(state.Path) is { } path && await AskAsync(path, cancel))
            {
                await MoveAsync(connection, state.Path, p => p.CanaryIsBack(clock.GetUtcNow()));
            }
            else if (state.ProbationShare is not null)
            {
                await MoveAsync(connection, state.Path, p => p.Advance(rules, clock.GetUtcNow()));
            }
        }
    }

    private List<(string Path, Seen Seen)> Take()
    {
        var taken = new List<(string, Seen)>();
        foreach (var path in counts.Keys)
        {
            if (counts.TryRemove(path, out var seen))
            {
                taken.Add((path, seen));
                if (seen is { Refusals: > 0, Failure: null })
                {
                    // A row of refusals goes on into the next second.
                    counts.TryAdd(path, Seen.None with { Refusals = seen.Refusals });
                }
            }
        }

        return taken;
    }

    private async Task<bool> AskAsync(EgressPath path, CancellationToken cancel)
    {
        var result = path.Canary is { } canary
            ? await path.Provider.SendAsync(canary.Compose(clock.GetUtcNow()), cancel)
            : await path.Provider.ProbeAsync(cancel);
        if (result.Outcome != Outcome.Accepted)
        {
            WorkerLog.CanaryCameBack(log, path.Name, result.Outcome, result.Phase);
        }

        return result.Outcome == Outcome.Accepted;
    }

    /// <summary>Changes the standing under its lock; what another worker changed first stands.</summary>
    private async Task MoveAsync(NpgsqlConnection connection, string path, Func<Probation, Probation> move)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        var row = await connection.QuerySingleOrDefaultAsync<(string Step, double Share, long Sends, DateTime Since)?>(
            "SELECT step, share, sends, since FROM path_probations WHERE path = @path FOR UPDATE SKIP LOCKED",
            new { path },
            transaction
        );
        if (row is not { } found)
        {
            return;
        }

        var before = new Probation(
            Enum.Parse<ProbationStep>(found.Step, ignoreCase: true),
            found.Share,
            found.Sends,
            new DateTimeOffset(found.Since)
        );
        var after = move(before);
        if (after == before)
        {
            return;
        }

        await connection.ExecuteAsync(
            after.Step == ProbationStep.Admitted
                ? "DELETE FROM path_probations WHERE path = @path"
                : """
                UPDATE path_probations SET step = @step, share = @Share, sends = @Sends, since = @Since, reason = @Reason
                WHERE path = @path
                """,
            new
            {
                path,
                step = after.Step.ToString().ToLowerInvariant(),
                after.Share,
                after.Sends,
                after.Since,
                Reason = after.Reason?.Replace('\0', '\uFFFD'),
            },
            transaction
        );
        await connection.ExecuteAsync(
            """
            INSERT INTO path_events (event_id, path, type, at, actor, reason, data)
            VALUES (@id, @path, @type, @at, 'worker', @reason, jsonb_build_object('share', @Share))
            """,
            new
            {
                id = LedgerId.New(clock.GetUtcNow()),
                path,
                type = after.Step switch
                {
                    ProbationStep.Ejected => "probation.ejected",
                    ProbationStep.Admitted => "probation.admitted",
                    _ => "probation.advanced",
                },
                at = clock.GetUtcNow(),
                reason = after.Reason?.Replace('\0', '\uFFFD'),
                after.Share,
            },
            transaction
        );
        await transaction.CommitAsync();
        WorkerLog.ProbationMoved(log, path, after.Step, after.Share, after.Reason ?? "as it should");
    }

    /// <summary>What this worker saw of a path since it last told.</summary>
    private sealed record Seen(long Sends, int Refusals, string? Failure)
    {
        public static readonly Seen None = new(0, 0, null);

        public Seen With(SendResult result) =>
            result.Outcome switch
            {
                Outcome.Accepted => this with { Sends = Sends + 1, Refusals = 0 },
                Outcome.PathDown or Outcome.PathBlocked when result.Scope is not OutcomeScope.Message => this with
                {
                    Failure = $"{result.Phase}: {result.Reply}",
                },
                Outcome.Unknown => this with { Failure = $"no answer at {result.Phase}" },
                Outcome.RecipientPermanent or Outcome.MessagePermanent or Outcome.ContentRefused => this with
                {
                    Refusals = Refusals + 1,
                    Failure =
                        Refusals + 1 >= RefusalsInARow
                            ? $"{RefusalsInARow} refusals in a row, the last: {result.Reply}"
                            : Failure,
                },
                _ => this,
            };
    }
}
