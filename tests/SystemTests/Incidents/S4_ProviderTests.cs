using ProviderEmulators.Faults;
using SystemTests.Installed;

namespace SystemTests.Incidents;

/// <summary>
/// S4: what each provider does once or twice a year, all of it at the same time: every tenant has another first provider
/// with another trouble, and the own server behind it.
/// </summary>
[Collection("incidents")]
public sealed class S4_ProviderTests(SharedStage shared)
{
    private const int Each = 25;

    [Fact]
    public async Task S4_each_of_its_six_events_is_survived_without_a_bounce()
    {
        var (stage, own, well) = (shared.Stage, shared["own"], shared["well"]);
        // 1 An address shared with others is on a blacklist.
        Stage.Play(
            shared["listed"],
            new Fault
            {
                At = FaultStep.Answer,
                Body = "554 5.7.1 Service unavailable; client host blocked using zen.spamhaus.org",
            }
        );
        // 2 The account is terminated, by mistake.
        Stage.Play(shared["ended"], "terminated");
        // 3 The API changed without notice: words that no table knows.
        Stage.Play(shared["changed"], "new-text");
        // 4 It takes connections and says nothing: a queue's length would not show it.
        Stage.Play(shared["mute"], "hang");
        // 5 Nothing is wrong, and the own server carries its part all the same.

        var (first, second, third, fourth, fifth) = (
            await stage.TenantAsync("listed", "own"),
            await stage.TenantAsync("ended", "own"),
            await stage.TenantAsync("changed", "own"),
            await stage.TenantAsync("mute", "own"),
            await stage.TenantAsync("well=4, own=1")
        );
        await Stage.RulesAsync();
        await Task.WhenAll(
            stage.SendAsync(first, Each, "listed-"),
            stage.SendAsync(second, Each, "ended-"),
            stage.SendAsync(third, Each, "changed-"),
            stage.SendAsync(fourth, Each, "mute-"),
            // 6 A display name that breaks headers which were put together from text.
            stage.SendAsync(fifth, 3 * Each, "well-", name: "Hector\" <>(")
        );

        // By now the silence is noticed: what comes from here on goes on.
        await stage.UntilAsync(
            "SELECT count(*) > 0 FROM path_events WHERE path = 'mute' AND type = 'circuit.opened'",
            "the silence is noticed"
        );
        await stage.SendAsync(fourth, 5, "mute-late-");
        await stage.UntilAsync(
            $"SELECT count(*) = {3 * Each} FROM deliveries WHERE state = 'sent' AND tenant_id IN ('{first.Id}', '{second.Id}', '{third.Id}')",
            "the three are sent over the own server"
        );
        await AssertOverAsync(stage, own, first, second, third);
        await SettledAsync(stage, fourth, fifth);
        Assert.Contains(
            own.Provider.Store.Mails.Concat(well.Provider.Store.Mails),
            m => m.Content.Contains("Hector", StringComparison.Ordinal)
        );
        await stage.AssertEachOnceAsync(first, second, third, fifth);
        Assert.Equal(0L, await stage.Ledger.ScalarAsync<long>("SELECT count(*) FROM events WHERE state = 'bounced'"));
        // None of it was silent.
        Assert.Equal(
            ["changed", "ended", "listed", "mute"],
            await stage.Ledger.QueryAsync<string>(
                "SELECT DISTINCT path FROM path_events WHERE type = 'circuit.opened' AND path IN ('changed', 'ended', 'listed', 'mute', 'own', 'well') ORDER BY path"
            )
        );
        Stage.Tell(
            $"S4: six events at once, {await stage.DescribeAsync(Stage.Of(first, second, third, fourth, fifth))}, none bounced"
        );
    }

    private static async Task AssertOverAsync(Stage stage, StagePath own, params InstalledTenant[] tenants)
    {
        foreach (var tenant in tenants)
        {
            Assert.Equal(
                (long)Each,
                await stage.Ledger.ScalarAsync<long>(
                    "SELECT count(*) FROM deliveries WHERE tenant_id = @Id AND path = @Name AND state = 'sent'",
                    new { tenant.Id, own.Name }
                )
            );
        }
    }

    /// <summary>What met silence is unknown and waits for the truth; the rest went on over the own server.</summary>
    private static async Task SettledAsync(Stage stage, InstalledTenant mute, InstalledTenant well)
    {
        await stage.UntilAsync(
            $"SELECT count(*) = {Each + 5} AND bool_and(state IN ('sent', 'unknown')) AND count(*) FILTER (WHERE path = 'own') >= 5 FROM deliveries WHERE tenant_id = '{mute.Id}'",
            "what came after the silence was noticed is sent"
        );
        await stage.UntilAsync(
            $"SELECT count(*) = {3 * Each} AND bool_and(state = 'sent') AND count(DISTINCT path) = 2 FROM deliveries WHERE tenant_id = '{well.Id}'",
            "both carry their part"
        );
    }
}
