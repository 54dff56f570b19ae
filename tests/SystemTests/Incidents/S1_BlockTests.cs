using System.Globalization;
using SystemTests.Installed;

namespace SystemTests.Incidents;

/// <summary>
/// S1: a provider blocks the account without notice, at full load and with mail queued; lifts the block; and blocks again.
/// </summary>
[Collection("incidents")]
public sealed class S1_BlockTests(SharedStage shared)
{
    private static readonly TimeSpan WithAQueue = TimeSpan.FromSeconds(5);

    [Fact]
    public Task S1_a_block_without_notice_twice_loses_nothing_and_bounces_nobody() =>
        PlayAsync(shared.Stage, shared["blocking"], shared["refuge"], queued: 600, perSecond: 40, seconds: 1.5);

    /// <summary><c>incidents.sh</c>.</summary>
    [Fact(Explicit = true)]
    public async Task S1_in_full()
    {
        await using var stage = new Stage();
        var main = await stage.SendGridAsync("blocking");
        var other = await stage.MailgunAsync("refuge");
        await stage.BeginAsync(["refuge"], workers: 2);
        await PlayAsync(
            stage,
            main,
            other,
            Stage.Number("GATEWAY_INCIDENT_QUEUED", 100_000),
            Stage.Number("GATEWAY_INCIDENT_RATE", 100),
            seconds: 20
        );
    }

    private static async Task PlayAsync(
        Stage stage,
        StagePath main,
        StagePath other,
        int queued,
        int perSecond,
        double seconds
    )
    {
        string[] route = [main.Name, other.Name];
        InstalledTenant[] tenants = [await stage.TenantAsync(route), await stage.TenantAsync(route)];
        await Stage.RulesAsync();
        await stage.QueueAsync(tenants[0], queued);
        using var enough = new CancellationTokenSource();
        var load = stage.LoadAsync(tenants[1], perSecond, "s1-", enough.Token);
        await stage.FirstOverAsync(main.Name, DateTimeOffset.UnixEpoch, tenants[1].Id);

        var blocks = new List<DateTimeOffset>();
        for (var block = 0; block < 2; block++)
        {
            blocks.Add(DateTimeOffset.UtcNow);
            Stage.Play(main, "block401");
            await Task.Delay(TimeSpan.FromSeconds(seconds));
            main.Provider.Faults.Clear();
            // Its canary brings it back; no mail of a tenant was the question.
            await stage.UntilAsync(
                $"SELECT EXISTS (SELECT FROM path_events WHERE path = 'blocking' AND type = 'circuit.closed' AND at > '{blocks[^1]:O}')",
                "the path is taken back"
            );
            await Task.Delay(TimeSpan.FromSeconds(seconds / 2));
            // A send that was begun in the block may end after this and block the path once more.
            await stage.FirstOverAsync(main.Name, DateTimeOffset.UtcNow, tenants[1].Id);
        }

        await enough.CancelAsync();
        var sent = await load;
        await stage.UntilAsync(
            $"SELECT NOT EXISTS (SELECT FROM deliveries WHERE state <> 'sent' AND {Stage.Of(tenants)})",
            "everything is sent",
            60 + (queued / 100.0)
        );
        await stage.AssertEachOnceAsync(tenants);
        var took = new List<TimeSpan>();
        foreach (var blocked in blocks)
        {
            took.Add(await stage.FirstAfterFailureAsync(other.Name, blocked, tenants));
        }

        // Oftener than twice where a send that was begun before ends after it was taken back.
        Assert.InRange(
            await stage.Ledger.ScalarAsync<long>(
                "SELECT count(DISTINCT at) FROM path_events WHERE path = 'blocking' AND type = 'circuit.closed' AND data ->> 'scope' = 'path'"
            ),
            2L,
            6L
        );
        var over = await stage.Ledger.ScalarAsync<long>(
            $"SELECT count(*) FROM deliveries WHERE path = 'refuge' AND {Stage.Of(tenants)}"
        );
        Stage.Tell(
            string.Create(
                CultureInfo.InvariantCulture,
                $"S1: {queued:N0} queued and {sent:N0} posted at {perSecond}/s; from block to the first delivery over the other path {took[0].TotalSeconds:0.00} s and {took[1].TotalSeconds:0.00} s; {over:N0} went over it; 0 lost, 0 twice, 0 bounced"
            )
        );
        Assert.All(took, t => Assert.True(t < WithAQueue, $"a failover took {t}"));
    }
}
