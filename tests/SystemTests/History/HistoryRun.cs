using System.Diagnostics;
using System.Globalization;
using SystemTests.Installed;
using SystemTests.Sink;

namespace SystemTests.History;

/// <summary>One run: load and blows, then quiet, then the picture of the ledger.</summary>
internal sealed class HistoryRun(HistoryPlan plan)
{
    // What waits for nothing is still moving; what waits longer than the quiet time does so with a reason.
    private const string IsSettled = "SELECT NOT EXISTS (SELECT FROM deliveries WHERE state IN ('queued', 'sending'))";
    private const string IsEmpty = "SELECT NOT EXISTS (SELECT FROM deliveries_due)";

    // A sender that dies at the last moment is missed, and what it had not told is told by the next.
    private static readonly TimeSpan HooksWithin = TimeSpan.FromSeconds(60);

    private readonly SinkLog sinkLog = new();
    private readonly AnswerLog answers = new();

    public async Task<HistoryPage> RunAsync()
    {
        await using var left = new FaultySink("left", sinkLog);
        await using var right = new FaultySink("right", sinkLog);
        await using var broken = new FaultySink("broken", sinkLog) { OffersTls = true };
        var clocks = new RunClocks(plan);
        await using var hooks = await HookReceiver.StartAsync();
        await using var installation = await Installation.StartAsync(
            new()
            {
                Apis = plan.Apis,
                Workers = plan.Workers,
                Webhooks = plan.Webhooks,
                Settings = Settings(left, right, broken),
                Own = clocks.SetAsync,
            }
        );
        await clocks.SeeAsync(installation);
        var tenants = new List<InstalledTenant>();
        for (var i = 0; i < 4; i++)
        {
            tenants.Add(await installation.Ledger.CreateTenantAsync());
            if (plan.Webhooks > 0)
            {
                await hooks.SubscribeAsync(installation, tenants[i]);
            }
        }

        var nemesis = new Nemesis(installation, [left, right], plan.Lease, plan.Seed);
        using var enough = new CancellationTokenSource(plan.Load);
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(
            new Producers(installation, tenants, answers).RunAsync(plan.PerSecond, enough.Token),
            plan.KillsOnly
                ? nemesis.RunKillsAsync(plan.BetweenBlows.Least, plan.BetweenBlows.Most, enough.Token)
                : Task.WhenAll(
                    nemesis.RunAsync(plan.BetweenBlows.Least, plan.BetweenBlows.Most, enough.Token),
                    nemesis.RunSinkFaultsAsync(enough.Token)
                )
        );
        var loaded = watch.Elapsed;
        await installation.Ledger.UntilAsync(plan.UntilEmpty ? IsEmpty : IsSettled, plan.Quiet);
        var quiet = watch.Elapsed - loaded;
        var picture = await LedgerPicture.TakeAsync(installation.Ledger.Owner);
        var told =
            plan.Webhooks > 0 ? await HookCheck.TakeAsync(hooks, picture, installation.Ledger, HooksWithin) : null;
        await SaveAsync(nemesis, installation);
        return new HistoryPage(plan, loaded, quiet, answers, sinkLog, nemesis.Done, picture, clocks.Seen, told);
    }

    /// <summary>Everything that happened, for whoever must find out why; only where a folder is named.</summary>
    private async Task SaveAsync(Nemesis nemesis, Installation installation)
    {
        if (Environment.GetEnvironmentVariable("GATEWAY_HISTORY_FOLDER") is not { Length: > 0 } folder)
        {
            return;
        }

        Directory.CreateDirectory(folder);
        await File.WriteAllLinesAsync(Path.Combine(folder, "answers"), answers.Lines);
        await File.WriteAllLinesAsync(
            Path.Combine(folder, "blows"),
            nemesis.Done.Select(b => $"{b.At:HH:mm:ss.fff} {b.Name}, {b.Took.TotalSeconds:0.0} s")
        );
        foreach (var (host, index) in installation.Hosts.Select((h, i) => (h, i)))
        {
            await File.WriteAllTextAsync(Path.Combine(folder, $"{host.Host}-{index}"), host.Output);
        }
    }

    private Dictionary<string, string?> Settings(FaultySink left, FaultySink right, FaultySink broken)
    {
        var settings = new Dictionary<string, string?>
        {
            ["Gateway__Lease"] = plan.Lease.ToString("c", CultureInfo.InvariantCulture),
            ["Gateway__Webhooks__AliveFor"] = plan.SenderAliveFor.ToString("c", CultureInfo.InvariantCulture),
            ["Gateway__Route__0"] = "left=8, right=8, broken=1",
        };
        foreach (var sink in new[] { left, right, broken })
        {
            settings[$"Gateway__Paths__{sink.Name}__Provider"] = "smtp";
            settings[$"Gateway__Paths__{sink.Name}__Host"] = "127.0.0.1";
            settings[$"Gateway__Paths__{sink.Name}__Port"] = $"{sink.Port}";
            settings[$"Gateway__Paths__{sink.Name}__Tls"] = sink.OffersTls ? "StartTls" : "None";
        }

        return settings;
    }
}
