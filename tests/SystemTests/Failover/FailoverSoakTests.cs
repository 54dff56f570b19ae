using System.Globalization;
using SystemTests.History;
using SystemTests.Incidents;
using SystemTests.Installed;
using SystemTests.Sink;

namespace SystemTests.Failover;

/// <summary>
/// Four paths that die and heal at random, two Workers of which one is killed and one paused beyond its lease, judged by
/// the history checker. <c>soak.sh</c> says how long.
/// </summary>
[Collection("machine")]
public sealed class FailoverSoakTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(20);
    private static readonly SinkFault[] Faults =
    [
        .. Enum.GetValues<SinkFault>().Except([SinkFault.None, SinkFault.BrokenTls]),
    ];

    [Fact(Explicit = true)]
    public async Task Four_paths_that_die_and_heal_at_random_lose_nothing_and_bounce_nobody()
    {
        var load = TimeSpan.FromSeconds(Stage.Number("GATEWAY_SOAK_SECONDS", 180));
        var log = new SinkLog();
        var answers = new AnswerLog();
        var sinks = Enumerable.Range(1, 4).Select(i => new FaultySink($"path{i}", log)).ToArray();
        var settings = new Dictionary<string, string?>
        {
            ["Gateway__Lease"] = Lease.ToString("c", CultureInfo.InvariantCulture),
            ["Gateway__Route__0"] = "path1=2, path2=1",
            ["Gateway__Route__1"] = "path3=1, path4=1",
        };
        foreach (var sink in sinks)
        {
            settings[$"Gateway__Paths__{sink.Name}__Provider"] = "smtp";
            settings[$"Gateway__Paths__{sink.Name}__Host"] = "127.0.0.1";
            settings[$"Gateway__Paths__{sink.Name}__Port"] = $"{sink.Port}";
            settings[$"Gateway__Paths__{sink.Name}__Tls"] = "None";
        }

        await using var installation = await Installation.StartAsync(new() { Workers = 2, Settings = settings });
        var tenants = new List<InstalledTenant>();
        for (var i = 0; i < 4; i++)
        {
            tenants.Add(await installation.Ledger.CreateTenantAsync());
        }

        var blows = new List<(string Name, DateTime At, TimeSpan Took)>();
        using var enough = new CancellationTokenSource(load);
        await Task.WhenAll([
            new Producers(installation, tenants, answers).RunAsync(100, enough.Token),
            StrikeAsync(installation, blows, enough.Token),
            .. sinks.Select(s => DieAndHealAsync(s, enough.Token)),
        ]);
        await installation.Ledger.UntilAsync("SELECT NOT EXISTS (SELECT FROM deliveries_due)", TimeSpan.FromMinutes(4));
        var picture = await LedgerPicture.TakeAsync(installation.Ledger.Owner);
        var plan = HistoryPlan.Long(load) with { PerSecond = 100, Lease = Lease, Workers = 2, Apis = 1, Webhooks = 0 };
        var page = new HistoryPage(plan, load, TimeSpan.Zero, answers, log, blows, picture);
        var changes = await installation.Ledger.QueryAsync<string>(
            "SELECT path || ' ' || type || ' ' || count(*) FROM path_events GROUP BY path, type ORDER BY path, type"
        );
        Stage.Tell($"{page}circuits       {string.Join(", ", changes)}");
        foreach (var sink in sinks)
        {
            await sink.DisposeAsync();
        }

        Assert.True(page.Violations.Count == 0, page.ToString());
    }

    /// <summary>In turn a Worker is killed and one is paused beyond its lease; one always works.</summary>
    private static async Task StrikeAsync(
        Installation installation,
        List<(string Name, DateTime At, TimeSpan Took)> blows,
        CancellationToken stop
    )
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            await Task.Delay(TimeSpan.FromSeconds(15), stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var (worker, at) = (installation.Workers[i % 2], DateTime.UtcNow);
            if (i % 2 == 0)
            {
                await worker.KillAsync();
                await worker.StartAsync();
            }
            else
            {
                await worker.PauseAsync(Lease * 1.5);
            }

            blows.Add((i % 2 == 0 ? "worker killed" : "worker paused beyond its lease", at, DateTime.UtcNow - at));
        }
    }

    private static async Task DieAndHealAsync(FaultySink sink, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromSeconds(1 + (8 * Random.Shared.NextDouble())), stop)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            sink.Fault = Faults[Random.Shared.Next(Faults.Length)];
            await Task.Delay(TimeSpan.FromSeconds(1 + (4 * Random.Shared.NextDouble())), CancellationToken.None);
            sink.Fault = SinkFault.None;
        }
    }
}
